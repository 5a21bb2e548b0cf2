// Labelled answers: prompt, completion and label as TRL's KTO reads them, or LLaMA-Factory's kto_tag.
import { reportUnsupportedColumns } from "./convert-messages.js";
import type { RawRow, RowFormat } from "./format.js";
import { promptColumns, promptOf, turnsOf } from "./turns.js";

export const unpairedFormat: RowFormat = {
  name: "unpaired",
  shape: '{"prompt", "completion", "label": true | false}',
  columns: [...promptColumns, "completion", "output", "label", "kto_tag"],
  recognises: (row) => typeof labelOf(row) === "boolean",
  convert(row, report) {
    if (reportUnsupportedColumns({ ...row, label: true }, report)) return null;
    const label = labelOf(row) as boolean;
    const answer = row.completion ?? row.output;
    const prompt = promptOf(row, report);
    if (answer !== undefined) {
      const completion = turnsOf(answer, "completion", "assistant", report);
      if (prompt === undefined) report({ rule: "SCH003", message: 'the row has an answer, but no "prompt"' });
      return prompt && completion ? { kind: "unpaired", prompt, completion, label } : null;
    }
    // A conversation: its last turn is what the label is about.
    if (!prompt) return null;
    return { kind: "unpaired", prompt: prompt.slice(0, -1), completion: prompt.slice(-1), label };
  },
};

function labelOf(row: RawRow): unknown {
  return row.kto_tag ?? row.label;
}
