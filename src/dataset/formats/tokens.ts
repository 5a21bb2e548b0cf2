// Rows that were tokenised before: {input_ids, labels?, completion_mask?, assistant_masks?, attention_mask?}.
import type { RawRow, Report, RowFormat } from "./format.js";

/** Each where it is given: 1 for tokens that are learnt. */
const masks = ["completion_mask", "assistant_masks"] as const;

export const tokensFormat: RowFormat = {
  name: "tokens",
  shape: '{"input_ids", "labels"?}',
  columns: ["input_ids", "labels", "attention_mask", ...masks, "token_type_ids", "position_ids", "length"],
  recognises: (row) => Array.isArray(row.input_ids),
  convert(row, report) {
    const ids = integers(row, "input_ids", 0, report);
    if (!ids) return null;
    const labels = optional(row, "labels", ids.length, report);
    const attention = optional(row, "attention_mask", ids.length, report);
    const learnt = masks.map((mask) => optional(row, mask, ids.length, report));
    if (labels === null || attention === null || learnt.includes(null)) return null;
    const isLearnt = (at: number) => learnt.every((mask) => mask?.[at] !== 0);
    const label = (at: number) => (isLearnt(at) ? (labels ?? ids)[at] : -100) as number;
    const kept = ids.map((_, at) => at).filter((at) => attention?.[at] !== 0); // the rest is padding
    return { kind: "tokens", ids: kept.map((at) => ids[at] as number), labels: kept.map(label) };
  },
};

/** Undefined: the row has no such column. */
function optional(row: RawRow, column: string, length: number, report: Report): number[] | undefined | null {
  if (row[column] === undefined || row[column] === null) return undefined;
  const values = integers(row, column, -100, report);
  if (!values || values.length === length) return values;
  report({ rule: "SCH007", message: `"${column}" has ${values.length} values, but there are ${length} input_ids` });
  return null;
}

function integers(row: RawRow, column: string, least: number, report: Report): number[] | null {
  const values = row[column];
  if (Array.isArray(values) && values.every((value) => Number.isSafeInteger(value) && value >= least)) return values;
  report({ rule: "SCH007", message: `"${column}" is not a list of whole numbers of ${least} or more` });
  return null;
}
