// Rows with one answer and whether it is good: TRL's {prompt, completion, label}, and LLaMA-Factory's label on a conversation.
import type { CanonicalRow } from "../canonical.js";
import { extrasOf } from "../carried.js";
import { alpacaFormat } from "./alpaca.js";
import { convertPrompt, hasPrompt, promptColumns } from "./convert-prompt.js";
import { convertSide, reportWeighed, unweighed } from "./convert-side.js";
import type { RawRow, Report, RowFormat } from "./format.js";
import { messagesFormat } from "./messages.js";
import { convertExtras, extraColumns } from "./row-extras.js";
import { sharegptFormat } from "./sharegpt.js";

/** Whose last assistant turn the label judges. */
const wholeFormats = [messagesFormat, sharegptFormat, alpacaFormat];

export const unpairedFormat: RowFormat = {
  name: "unpaired",
  shape: '{"prompt", "completion", "label": true|false}',
  columns: [...promptColumns, "completion", "output", "label", "kto_tag", ...extraColumns],
  recognises: (row) => labelOf(row) !== null && (isApart(row) || wholeFormat(row) !== undefined),
  convert(row, report) {
    const label = labelOf(row) as boolean;
    if (!isApart(row)) return cutAnswer(row, label, report);
    const extras = convertExtras(row, report);
    const prompt = convertPrompt(row, report);
    const completion = convertSide(row.completion, "completion", "assistant", report);
    if (!extras || !prompt || !completion || reportWeighed(completion, report)) return null;
    return { kind: "unpaired", prompt: unweighed(prompt), completion, label, ...extras };
  },
};

/** Only true and false: other labels are for people. */
function labelOf({ label, kto_tag }: RawRow): boolean | null {
  if (typeof label === "boolean") return label;
  return typeof kto_tag === "boolean" ? kto_tag : null;
}

function isApart(row: RawRow): boolean {
  return "completion" in row && hasPrompt(row);
}

function wholeFormat(row: RawRow): RowFormat | undefined {
  return wholeFormats.find((format) => format.recognises(row));
}

/** A conversation that does not end with an answer keeps an empty one, which a rule judges. */
function cutAnswer(row: RawRow, label: boolean, report: Report): CanonicalRow | null {
  const whole = wholeFormat(row)?.convert({ ...row, label: undefined }, report);
  if (whole?.kind !== "messages") return null;
  const { messages } = whole;
  const end = messages.at(-1)?.role === "assistant" ? messages.length - 1 : messages.length;
  const completion = messages.slice(end);
  if (reportWeighed(completion, report)) return null;
  return { kind: "unpaired", prompt: unweighed(messages.slice(0, end)), completion, label, ...extrasOf(whole) };
}
