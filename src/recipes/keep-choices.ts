// Holds a lock's choices for open keys while all that they were chosen from is the same, so that a later ft trains alike.

import { type ChoiceFacts, nothingKnown, wantedChoices } from "./defaults.js";
import { type LoadedRecipe, refineDefaults } from "./load.js";
import { canonicalJson, type LockEntry } from "./lock-file.js";
import { flatten, type Tree } from "./resolved.js";
import { engineVersions } from "./schema/compute.js";
import { recipeSchema } from "./schema.js";

/** `refineDefaults`, but for the keys that the lock has chosen. `isSameBase`: the base is the one of the lock. */
export function chooseAsLocked(
  loaded: LoadedRecipe,
  facts: ChoiceFacts,
  { locked, isSameBase }: { locked: LockEntry | null; isSameBase: boolean },
): LoadedRecipe {
  const fresh = refineDefaults(loaded, facts);
  if (!locked || !isSameBase || !isSameOtherwise(fresh, facts, locked)) return fresh;
  const kept = openKeys(loaded).filter((key) => isUsable(key, locked.chosen[key], loaded));
  const written = recipeSchema.safeParse(
    kept.reduce<Tree>((tree, key) => withValue(tree, key.split("."), locked.chosen[key]), loaded.values),
  );
  if (!written.success) return fresh; // not what this ft can read: it will show as drift
  const chosen = refineDefaults({ ...loaded, written: written.data }, facts);
  return {
    ...chosen,
    choices: fresh.choices.map((choice) => {
      const value = locked.chosen[choice.key];
      if (!kept.includes(choice.key) || canonicalJson(value) === canonicalJson(choice.value)) return choice;
      return { ...choice, value, reason: "ft.lock.json has it (ft lock --update chooses anew)", source: null };
    }),
  };
}

/** Keys that a recipe may leave to ft, and this one does; also where it does not use them. */
export function openKeys({ written, isWritten }: LoadedRecipe): string[] {
  return Object.keys(wantedChoices(written, nothingKnown)).filter((key) => !isWritten(key.split(".")));
}

/** The resolved recipe by dotted keys, as JSON keeps it; without where it runs and goes, compute.budget, eval, gate and alerts, which change nothing of what is trained. */
export function recipeLeaves({ recipe }: LoadedRecipe): Map<string, LockEntry["recipe"][string]> {
  const { budget: _budget, on: _on, ...compute } = recipe.compute;
  const { eval: _eval, gate: _gate, alerts: _alerts, hub: _hub, ...rest } = recipe;
  const decisive = JSON.parse(JSON.stringify({ ...rest, compute })) as Tree;
  return flatten(decisive) as Map<string, LockEntry["recipe"][string]>;
}

/** Choices depend on the base, on these facts of the data, and on the keys that were not open. */
function isSameOtherwise(loaded: LoadedRecipe, facts: ChoiceFacts, locked: LockEntry): boolean {
  const { rows, longestChars } = locked.chosenFrom;
  if (facts.rows !== rows || facts.longestChars !== longestChars) return false;
  const isOpen = new Set(openKeys(loaded));
  return [...recipeLeaves(loaded)].every(
    ([key, value]) =>
      isOpen.has(key) ||
      value === "auto" ||
      !(key in locked.recipe) ||
      canonicalJson(locked.recipe[key]) === canonicalJson(value),
  );
}

/** An engine's version that this ft no longer pins cannot be kept. */
function isUsable(key: string, value: unknown, { recipe }: LoadedRecipe): boolean {
  if (value === undefined) return false;
  return key !== "engine.version" || engineVersions[recipe.engine.name].includes(value as string);
}

function withValue(tree: Tree, [key, ...rest]: string[], value: unknown): Tree {
  if (rest.length === 0) return { ...tree, [key!]: value };
  const inner = tree[key!];
  // `engine: trl` is short for a map with its name.
  const map = typeof inner === "string" ? { [key === "engine" ? "name" : "type"]: inner } : ((inner ?? {}) as Tree);
  return { ...tree, [key!]: withValue(map, rest, value) };
}
