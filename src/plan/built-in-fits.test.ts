// The recipes that ft brings fit the card that their first line names.
import { expect, it } from "vitest";
import { findAlias } from "../models/catalogue.js";
import { builtInRecipes } from "../recipes/built-in.js";
import { loadRecipe } from "../recipes/load.js";
import { estimateMemory } from "./memory/estimate.js";
import { settingOfRecipe } from "./recipe-setting.js";
import { neededBand, verdictOn } from "./verdict.js";

/** GiB that a card of so many GB shows. */
const usable: Record<number, number> = { 8: 7.6, 16: 15, 24: 22.5, 48: 45, 80: 79.6 };

it.each(builtInRecipes().map(({ name, file, fits }) => [name, fits, file] as const))("%s fits %s", (_, fits, file) => {
  const { recipe } = loadRecipe(file, { cwd: "/", env: {} });
  const shape = findAlias(recipe.model.base)!;
  const setting = settingOfRecipe(recipe, { shape, precision: "bf16", lengths: null });
  const needed = neededBand(estimateMemory(setting));
  const capacity = usable[Number(/(\d+) GB/.exec(fits)![1])]!;
  expect(verdictOn(needed, capacity * 2 ** 30), `${needed.mid / 2 ** 30} GiB`).not.toBe("does not fit");
});
