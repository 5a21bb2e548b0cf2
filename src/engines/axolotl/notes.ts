// Where Axolotl means something else by the same recipe than TRL does, and cannot be made to mean the same.
import type { DataLayout, RenderInput } from "../contract.js";
import { precisionOf } from "../precision.js";

/** Found in the builders and prompt strategies of axolotl 0.19 and 0.21, and by training the same rows with both engines. */
export function notesOf(input: RenderInput, layout: DataLayout): string[] {
  const { recipe, model, dataset, device } = input;
  const { objective, method, train, data, compute } = recipe;
  const rows = dataset?.train;
  const isConversation = objective.type === "sft" && layout.startsWith("messages");
  const notes: [boolean, string][] = [
    [
      dataset === null && objective.type === "simpo" && train.max_steps === undefined,
      "the data was not read: Axolotl's simpo takes a warm-up in steps alone, and here it has none",
    ],
    [
      layout === "text" && (!rows || rows.longestChars > data.max_length),
      "Axolotl cuts a text longer than max_length into several rows; TRL drops the rest of it",
    ],
    [isConversation, "Axolotl finds each assistant turn by rendering twice; `ft data preview` shows what it trains"],
    [
      isConversation && !!rows && rows.assistantTurns > rows.rows && !model.template?.hasGenerationMarkers,
      "a conversation is one row here; TRL may make one of each assistant turn, as the template has no markers",
    ],
    [
      method.type === "full" && device.kind === "cuda" && precisionOf(recipe, device) === "bf16",
      "Axolotl keeps the trained weights themselves in bf16; TRL keeps them in fp32 and computes in bf16",
    ],
    [
      objective.type === "sft" && compute.gpus > 1,
      "Axolotl weighs each GPU's mean loss alike; TRL weighs every trained token alike",
    ],
    [data.packing, "Axolotl leaves out packed rows that fill no batch: its steps may differ from TRL's"],
    [
      data.packing && !recipe.model.attention.startsWith("flash"),
      "packed rows see each other unless model.attention is flash_attention_2 or 3",
    ],
  ];
  return notes.filter(([applies]) => applies).map(([, note]) => note);
}
