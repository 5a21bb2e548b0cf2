// Preference rows: a prompt with a chosen and a rejected answer, as TRL, Axolotl and LLaMA-Factory write them.
import type { Message } from "../canonical.js";
import { reportUnsupportedColumns } from "./convert-messages.js";
import type { RawRow, RowFormat } from "./format.js";
import { promptColumns, promptOf, turnsOf } from "./turns.js";

export const preferenceFormat: RowFormat = {
  name: "preference",
  shape: '{"prompt", "chosen", "rejected"}',
  columns: [...promptColumns, "chosen", "rejected", "chosen_response", "rejected_response"],
  recognises: (row) => answerOf(row, "chosen") !== undefined && answerOf(row, "rejected") !== undefined,
  convert(row, report) {
    if (reportUnsupportedColumns({ ...row, rejected: null }, report)) return null;
    const chosen = turnsOf(answerOf(row, "chosen"), "chosen", "assistant", report);
    const rejected = turnsOf(answerOf(row, "rejected"), "rejected", "assistant", report);
    if (!chosen || !rejected) return null;
    // Whole conversations on both sides bring their prompt along; a prompt column beside them says the same again.
    if (chosen[0]?.role !== "assistant" && rejected[0]?.role !== "assistant") return splitPrompt(chosen, rejected);
    const prompt = promptOf(row, report);
    if (prompt === undefined) {
      report({ rule: "SCH003", message: 'the row has answers, but no prompt ("prompt", or turns before the answers)' });
    }
    return prompt ? { kind: "preference", prompt, chosen, rejected } : null;
  },
};

function answerOf(row: RawRow, side: "chosen" | "rejected"): unknown {
  return row[side] ?? row[`${side}_response`];
}

/** TRL's implicit prompt: the turns that both conversations begin with. */
function splitPrompt(chosen: Message[], rejected: Message[]) {
  let shared = 0;
  while (shared < Math.min(chosen.length, rejected.length) - 1 && isSame(chosen[shared]!, rejected[shared]!))
    shared += 1;
  return {
    kind: "preference" as const,
    prompt: chosen.slice(0, shared),
    chosen: chosen.slice(shared),
    rejected: rejected.slice(shared),
  };
}

function isSame(a: Message, b: Message): boolean {
  return a.role === b.role && a.content === b.content;
}
