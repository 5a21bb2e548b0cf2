// Held-out rows as the evaluator is asked them: eval/items.jsonl of a job.
import type { Recipe } from "../recipes/schema.js";
import type { CanonicalRow, RowPlace } from "./canonical.js";
import { rowDigest } from "./canonical-key.js";
import { extrasOf, restOfTurn } from "./carried.js";
import type { DatasetSource } from "./dataset-facts.js";
import type { Json } from "./json/json.js";
import { type EngineLine, trainedTurns } from "./layout.js";
import { soundRows } from "./sound-rows.js";

/** Those of the files in `data.eval`, as a run of today would be evaluated on them. @throws FtError data.* */
export async function heldOutItems(
  recipe: Pick<Recipe, "data" | "eval">,
  source: Omit<DatasetSource, "train">,
): Promise<EngineLine[]> {
  const items: EngineLine[] = [];
  for await (const { row, file, line } of soundRows(recipe, { ...source, train: [] }, 0)) {
    if (items.length === recipe.eval.max_rows) break;
    items.push(itemOf(row, { file, line }, rowDigest(row)));
  }
  return items;
}

/** Of a conversation: what is asked (everything before the last assistant turn) and what the answer is compared with. */
export function itemOf(row: CanonicalRow, place: RowPlace, digest: Buffer): EngineLine {
  const { kind: _, ...content } = row;
  const item = { item: digest.toString("hex"), file: place.file, line: place.line };
  if (row.kind !== "messages") return { ...item, ...content } as EngineLine;
  const last = trainedTurns(row.messages).at(-1) ?? -1;
  const answer = row.messages[last];
  return {
    ...item,
    messages: row.messages.slice(0, last) as unknown as Json,
    ...(answer?.tool_calls ? {} : { reference: answer?.content ?? "" }), // no text says what a call should be
    ...(answer && restOfTurn(answer) ? { answer: answer as unknown as Json } : {}),
    ...(extrasOf(row) as EngineLine),
  };
}
