// What kind of rows sft gets, and what of them an engine cannot take: known once the data was read.
import { FtError } from "../errors.js";
import type { RenderInput } from "./contract.js";

export type SftRows = "conversations" | "text" | "segments" | "tokens";

/** Of the data, or where it was not read yet of the formats that the recipe names. */
export function sftRows({ recipe, dataset }: Pick<RenderInput, "recipe" | "dataset">): SftRows {
  for (const kind of ["text", "segments", "tokens"] as const) {
    const isKind = dataset ? dataset.train.kinds[kind] > 0 : recipe.data.train.every(({ format }) => format === kind);
    if (isKind) return kind;
  }
  return "conversations";
}

/** Whether some row, trained or held out, has tools, a call, reasoning, or whatever else `carries` names. */
export function carries({ dataset }: Pick<RenderInput, "dataset">, ...keys: string[]): boolean {
  return [dataset?.train, dataset?.eval].some((split) => split?.carries.some((key) => keys.includes(key)));
}

/** What is not plain turns goes to the engine as JSON text that only ft's own runner reads (ft_trainer/exact_chat.py). */
export function needsExactChat(input: Pick<RenderInput, "dataset">): boolean {
  return carries(input, "tools", "chat_template_kwargs", "tool_calls", "tool_call_id", "reasoning_content", "name");
}

/** @param reason names the engine that can */
export function rowsUnsupported({ recipe }: Pick<RenderInput, "recipe">, reason: string): FtError {
  return new FtError({
    code: "data.unsupported-by-engine",
    exit: "data",
    message: `${recipe.engine.name} ${recipe.engine.version} cannot train these rows as they are: ${reason}`,
    next: "choose that engine (--set engine=...), or change the rows",
  });
}
