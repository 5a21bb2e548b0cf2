// What a recipe says, beside its model, of which tokens a run trains.
import type { Recipe } from "../../recipes/schema.js";
import type { RunSettings } from "./mask-model.js";

export function maskSettings({ objective, data }: Recipe): RunSettings {
  return { objective: objective.type, packing: data.packing, ...(data.too_long && { tooLong: data.too_long }) };
}
