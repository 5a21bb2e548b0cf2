// What an objective learns from: rows of its kind as they are, others made into it where nothing is lost, the rest refused.
import type { ObjectiveName } from "../recipes/schema.js";
import type { CanonicalRow, RowKind } from "./canonical.js";
import type { RowProblem } from "./rules.js";

/** The columns to bring, for messages. */
const wants: Record<ObjectiveName, string> = {
  sft: "messages (or alpaca, sharegpt, prompt + completion, text)",
  dpo: "prompt, chosen and rejected",
  orpo: "prompt, chosen and rejected",
  simpo: "prompt, chosen and rejected",
  cpo: "prompt, chosen and rejected",
  reward: "prompt, chosen and rejected",
  kto: "prompt, completion and label",
  grpo: "prompt, and columns for the rewards",
};

const kindNames: Record<RowKind, string> = {
  messages: "a conversation",
  text: "plain text",
  preference: "a preference (chosen, rejected)",
  unpaired: "an answer with a label (good answers alone would do for sft)",
  prompt: "a prompt without an answer",
};

/** The rows to train on (kto makes two of a preference), or why there are none. */
export function rowsFor(row: CanonicalRow, objective: ObjectiveName): CanonicalRow[] | RowProblem {
  const { kind } = row;
  switch (objective) {
    case "sft":
      if (kind === "messages" || kind === "text") return [row];
      if (kind === "unpaired" && row.label) return [{ kind: "messages", messages: [...row.prompt, ...row.completion] }];
      break;
    case "kto":
      if (kind === "unpaired") return [row];
      if (kind === "preference")
        return [
          { kind: "unpaired", prompt: row.prompt, completion: row.chosen, label: true },
          { kind: "unpaired", prompt: row.prompt, completion: row.rejected, label: false },
        ];
      break;
    case "grpo":
      if (kind === "prompt") return [row];
      if (kind === "messages") return [withoutAnswer(row.messages)];
      break;
    default:
      if (kind === "preference") return [row];
  }
  return { rule: "SCH009", message: `${kindNames[kind]}; objective ${objective} needs ${wants[objective]}` };
}

/** The last answer becomes the column `answer`, which rewards may compare with. */
function withoutAnswer(messages: Extract<CanonicalRow, { kind: "messages" }>["messages"]): CanonicalRow {
  const last = messages.at(-1);
  if (last?.role !== "assistant") return { kind: "prompt", prompt: messages, columns: {} };
  return { kind: "prompt", prompt: messages.slice(0, -1), columns: { answer: last.content } };
}
