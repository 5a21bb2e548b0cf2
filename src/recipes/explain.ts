// Why a recipe's keys are what they are: where they were written, or what ft chose, for what reason, after which publication.

import { FtError, type Place } from "../errors.js";
import { nearest } from "../nearest.js";
import { type ChoiceFacts, wantedChoices } from "./defaults.js";
import { recipeJsonSchema, schemaAt } from "./json-schema.js";
import type { LoadedRecipe } from "./load.js";
import { flatten, resolvedValues } from "./resolved.js";

export interface Explanation {
  /** Dotted. */
  key: string;
  value: unknown;
  /** Null: ft filled it in. */
  writtenAt: Place | null;
  /** What the key is for. */
  description: string | null;
  /** What ft would choose by itself and why; null for keys with one fixed default. */
  choice: { value: unknown; reason: string; source: string | null } | null;
}

/** Every key of the resolved recipe, in its order. */
export function explainRecipe(loaded: LoadedRecipe, facts: ChoiceFacts): Explanation[] {
  const wanted: Record<string, Explanation["choice"]> = wantedChoices(loaded.written, facts);
  const schema = recipeJsonSchema();
  return [...flatten(resolvedValues(loaded))].map(([key, value]) => {
    const path = key.split(".");
    return {
      key,
      value,
      writtenAt: loaded.isWritten(path) ? loaded.whereIs(path) : null,
      description: schemaAt(schema, path, loaded.recipe)?.description ?? null,
      choice: Object.hasOwn(wanted, key) ? wanted[key]! : null,
    };
  });
}

/** The key itself, or all below it. Throws FtError usage.key (usage) with a did-you-mean. */
export function selectKeys(all: Explanation[], key: string): Explanation[] {
  const found = all.filter((each) => each.key === key || each.key.startsWith(`${key}.`));
  if (found.length > 0) return found;
  const known = all.map((each) => each.key);
  const near = nearest(key, known);
  throw new FtError({
    code: "usage.key",
    exit: "usage",
    message: `this recipe has no key ${key}`,
    ...(near ? { why: `did you mean ${near}?` } : {}),
    next: "`ft recipe explain` lists all keys",
  });
}
