// Alpaca rows: instruction, output, system, and earlier turns as history (LLaMA-Factory's data/README.md).
import type { CanonicalRow, Message } from "../canonical.js";
import { hasAny, notAlternating } from "./findings.js";
import { type Line, Refusal, type Target } from "./target.js";

export const alpacaTarget: Target = {
  about: "{instruction, input, output, system?, history?}",
  convert(row: CanonicalRow): Line | Refusal {
    if (row.kind === "text") return new Refusal("a plain text has no instruction");
    const lost = hasAny(row, ["tools", "reasoning", "weight", "name", "chat_template_kwargs", "empty_system"]);
    if (lost) return new Refusal(lost);
    switch (row.kind) {
      case "messages": {
        const crooked = notAlternating(row.messages);
        return crooked
          ? new Refusal(crooked)
          : { ...promptColumns(row.messages.slice(0, -1)), output: last(row.messages) };
      }
      case "preference": {
        if (!isOneAnswer(row.chosen) || !isOneAnswer(row.rejected))
          return new Refusal("an answer is more than one turn");
        const crooked = notAlternating([...row.prompt, ...row.chosen]);
        if (crooked) return new Refusal(crooked);
        return { ...promptColumns(row.prompt), chosen: last(row.chosen), rejected: last(row.rejected) };
      }
      case "unpaired": {
        if (!isOneAnswer(row.completion)) return new Refusal("the answer is more than one turn");
        const crooked = notAlternating([...row.prompt, ...row.completion]);
        if (crooked) return new Refusal(crooked);
        return { ...promptColumns(row.prompt), output: last(row.completion), kto_tag: row.label };
      }
      default:
        return new Refusal(`it has no place for ${row.kind === "prompt" ? "a prompt without an answer" : row.kind}`);
    }
  },
};

function promptColumns(prompt: readonly Message[]): Line {
  const system = prompt[0]?.role === "system" ? prompt[0].content : "";
  const turns = prompt[0]?.role === "system" ? prompt.slice(1) : prompt;
  const history: [string, string][] = [];
  for (let at = 0; at + 1 < turns.length; at += 2) history.push([turns[at]!.content, turns[at + 1]!.content]);
  return {
    ...(system && { system }),
    ...(history.length > 0 && { history }),
    instruction: turns.at(-1)?.content ?? "",
    input: "",
  };
}

function isOneAnswer(turns: readonly Message[]): boolean {
  return turns.length === 1 && turns[0]!.role === "assistant";
}

function last(turns: readonly Message[]): string {
  return turns.at(-1)?.content ?? "";
}
