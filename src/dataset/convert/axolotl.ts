// Rows as Axolotl's dataset types take them (0.21, docs/dataset-formats): chat_template, its dpo and kto variants, completion, input_output.
import type { CanonicalRow, Message } from "../canonical.js";
import type { Json } from "../json/json.js";
import { hasAny } from "./findings.js";
import { toolsColumn } from "./openai-turns.js";
import { type Line, Refusal, type Target } from "./target.js";

export const axolotlTarget: Target = {
  about:
    "Axolotl's types chat_template (message_field_training: training), chat_template.default, completion, input_output",
  convert(row: CanonicalRow): Line | Refusal {
    const lost = hasAny(row, row.kind === "messages" ? ["chat_template_kwargs"] : ["chat_template_kwargs", "weight"]);
    if (lost) return new Refusal(lost);
    switch (row.kind) {
      case "text":
        return { text: row.text };
      case "messages":
        return { messages: row.messages.map(withTraining), ...toolsColumn(row) };
      case "preference": {
        const [chosen, rejected] = [row.chosen, row.rejected];
        if (chosen.length !== 1 || rejected.length !== 1) return new Refusal("an answer is more than one turn");
        return {
          messages: turns(row.prompt),
          chosen: turns(chosen)[0]!,
          rejected: turns(rejected)[0]!,
          ...toolsColumn(row),
        };
      }
      case "unpaired":
        return { prompt: turns(row.prompt), completion: turns(row.completion), label: row.label, ...toolsColumn(row) };
      case "segments":
        return { segments: row.segments.map(({ text, trained }) => ({ text, label: trained })) };
      case "tokens":
        return { input_ids: row.ids, labels: row.labels };
      case "prompt":
        return { prompt: turns(row.prompt), ...row.columns, ...toolsColumn(row) };
    }
  },
};

function withTraining({ weight, ...turn }: Message): Json {
  return { ...(turn as unknown as Line), ...(weight !== undefined && { training: weight > 0 }) };
}

function turns(messages: readonly Message[]): Json[] {
  return messages as unknown as Json[];
}
