// Rows as TRL's trainers take them (TRL 1.16, docs: dataset formats): conversational, with tools beside the turns.
import type { CanonicalRow, Message } from "../canonical.js";
import type { Json } from "../json/json.js";
import { hasAny } from "./findings.js";
import { toolsColumn } from "./openai-turns.js";
import { type Line, Refusal, type Target } from "./target.js";

export const trlTarget: Target = {
  about: "TRL's dataset formats: messages, prompt + completion, chosen + rejected, text",
  convert(row: CanonicalRow): Line | Refusal {
    const lost = hasAny(row, ["weight"]);
    if (lost) return new Refusal(lost);
    switch (row.kind) {
      case "text":
        return { text: row.text };
      case "messages":
        return { messages: turns(row.messages), ...columns(row) };
      case "preference":
        return { prompt: turns(row.prompt), chosen: turns(row.chosen), rejected: turns(row.rejected), ...columns(row) };
      case "unpaired":
        return { prompt: turns(row.prompt), completion: turns(row.completion), label: row.label, ...columns(row) };
      case "prompt":
        return { prompt: turns(row.prompt), ...row.columns, ...columns(row) };
      case "tokens":
        return { input_ids: row.ids, labels: row.labels };
      case "segments":
        return new Refusal("it has no place for segments");
    }
  },
};

function columns(row: Exclude<CanonicalRow, { kind: "text" | "segments" | "tokens" }>): Line {
  const { chat_template_kwargs } = row;
  return { ...toolsColumn(row), ...(chat_template_kwargs && { chat_template_kwargs: chat_template_kwargs as Json }) };
}

function turns(messages: readonly Message[]): Json {
  return messages as unknown as Json;
}
