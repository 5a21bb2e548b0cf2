// Which token ends an assistant turn: what the template puts after the content, else the tokenizer's end of sequence.
import type { RenderChat } from "../template/compile.js";
import type { ModelTokenizer } from "../tokens/tokenizer.js";

/** Ids any of which ends a turn; empty when the model has no such token at all. */
export function endOfTurnIds(tokenizer: ModelTokenizer, render: RenderChat | null): Set<number> {
  const ids = new Set<number>();
  if (tokenizer.eosId !== null) ids.add(tokenizer.eosId);
  const closing = render && firstSpecialAfterAnswer(tokenizer, render);
  if (closing) ids.add(closing);
  return ids;
}

const answer = "zebra";

function firstSpecialAfterAnswer(tokenizer: ModelTokenizer, render: RenderChat): number | null {
  try {
    const messages = [
      { role: "user" as const, content: "hello" },
      { role: "assistant" as const, content: answer },
    ];
    const { text } = render(messages, { addGenerationPrompt: false });
    const tail = tokenizer.encode(text.slice(text.lastIndexOf(answer) + answer.length));
    return tail.find((id) => tokenizer.isSpecial(id)) ?? null;
  } catch {
    // A template that refuses even this says so on the first real row.
    return null;
  }
}
