// What a GPU costs where the recipe's run is to be executed: the platform's own prices, where it has some, over ft's list.
import { loadLauncher } from "../launchers/index.js";
import { resolveTarget } from "../launchers/targets.js";
import type { Env } from "../paths.js";
import { type Price, priceTable } from "../plan/prices.js";
import type { Recipe } from "../recipes/schema.js";

/** Throws FtError plan.prices-invalid, targets.* (usage), launcher.unreachable (environment). */
export async function pricesThere({ on, gpus }: Recipe["compute"], env: Env): Promise<Price[]> {
  const { settings } = resolveTarget(on, env);
  const launcher = await loadLauncher(settings.launcher);
  const there = (await launcher.prices?.(settings, gpus)) ?? [];
  return [...priceTable(env).filter(({ gpu }) => !there.some((price) => price.gpu === gpu)), ...there];
}
