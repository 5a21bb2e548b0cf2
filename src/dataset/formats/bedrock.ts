// Amazon Bedrock's customization rows: {schemaVersion, system?: [{text}], messages: [{role, content: [{text}]}]}.
import { recordOf } from "../json/json.js";
import { convertMessages } from "./convert-messages.js";
import type { RowFormat } from "./format.js";

export const bedrockFormat: RowFormat = {
  name: "bedrock",
  shape: '{"schemaVersion": "bedrock-conversation-2024", "messages"}',
  columns: ["schemaVersion", "system", "messages"],
  recognises: ({ schemaVersion, messages }) =>
    typeof schemaVersion === "string" && schemaVersion.startsWith("bedrock-") && Array.isArray(messages),
  convert({ system, messages }, report) {
    const turns = (messages as unknown[]).map(withTypedParts);
    const first =
      Array.isArray(system) && system.length > 0 ? [withTypedParts({ role: "system", content: system })] : [];
    const converted = convertMessages([...first, ...turns], report);
    return converted && { kind: "messages", messages: converted };
  },
};

/** A part says what it is by its key there, in OpenAI's form by its type. */
function withTypedParts(turn: unknown): unknown {
  const record = recordOf(turn);
  if (!record || !Array.isArray(record.content)) return turn;
  return { ...record, content: record.content.map(typedPart) };
}

function typedPart(part: unknown): unknown {
  const record = recordOf(part);
  const [kind] = Object.keys(record ?? {});
  return record && kind !== undefined ? { type: kind, [kind]: record[kind] } : part;
}
