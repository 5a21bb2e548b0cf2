// Rows for Amazon Bedrock's model customization: schemaVersion bedrock-conversation-2024 (its user guide, model-customization-prepare).
import type { CanonicalRow } from "../canonical.js";
import { hasAny, notAlternating } from "./findings.js";
import { type Line, Refusal, type Target } from "./target.js";

export const bedrockTarget: Target = {
  about: "Bedrock: {schemaVersion: bedrock-conversation-2024, system?, messages}, user and assistant in turn",
  convert(row: CanonicalRow): Line | Refusal {
    if (row.kind !== "messages") return new Refusal("it takes conversations only");
    const lost =
      hasAny(row, ["tools", "reasoning", "weight", "name", "chat_template_kwargs"]) ?? notAlternating(row.messages);
    if (lost) return new Refusal(lost);
    const [first, ...rest] = row.messages;
    const isSystem = first?.role === "system";
    return {
      schemaVersion: "bedrock-conversation-2024",
      ...(isSystem && { system: [{ text: first.content }] }),
      messages: (isSystem ? rest : row.messages).map(({ role, content }) => ({ role, content: [{ text: content }] })),
    };
  },
};
