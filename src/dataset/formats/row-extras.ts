// Columns beside the turns: tools and template variables, which conversations carry, and what ft cannot carry, which is refused by name.
import type { ChatExtras } from "../canonical.js";
import { recordOf } from "../json/json.js";
import { convertTools, isFilled } from "./convert-tools.js";
import { type RawRow, type Report, typeName } from "./format.js";

export const extraColumns: readonly string[] = ["tools", "functions", "chat_template_kwargs"];

const media = ["images", "image", "videos", "video", "audios", "audio"] as const;

/** Columns that rows may only leave empty; SCH006 speaks of them, so they are not "unused". */
export const unsupportedColumns: readonly string[] = [...media, "chosen", "rejected"];

/** Null: reported. */
export function convertExtras(row: RawRow, report: Report): ChatExtras | null {
  if (reportMedia(row, report)) return null;
  const tools = convertTools(row, report);
  if (tools === null) return null;
  const variables = row.chat_template_kwargs;
  if (variables !== undefined && variables !== null && !recordOf(variables)) {
    report({ rule: "SCH007", message: `"chat_template_kwargs" is ${typeName(variables)}, not an object` });
    return null;
  }
  const given = Object.entries(recordOf(variables) ?? {}).filter(([, value]) => value !== null);
  return {
    ...(tools && { tools }),
    ...(given.length > 0 && { chat_template_kwargs: Object.fromEntries(given) }),
  };
}

/** True when there were any. */
export function reportMedia(row: RawRow, report: Report): boolean {
  return reportColumns(
    media.filter((column) => isFilled(row[column])).map((column) => `"${column}"`),
    report,
  );
}

/** What says that an answer is bad, in rows whose answers are all learnt. True when there was any. */
export function reportBadAnswer(row: RawRow, report: Report): boolean {
  const found: string[] = [];
  if (isFilled(row.rejected)) found.push(`a "rejected" answer (preference data)`);
  if (row.label === false) found.push(`"label": false (an answer marked as bad)`);
  return reportColumns(found, report);
}

function reportColumns(found: string[], report: Report): boolean {
  if (found.length > 0) report({ rule: "SCH006", message: `the row has ${found.join(", ")}` });
  return found.length > 0;
}
