// engine.overrides: keys of the engine's own config, checked against the pinned version's table and kept away from what the recipe decides.
import { FtError, type Problem } from "../errors.js";
import type { ObjectiveName, Recipe } from "../recipes/schema.js";
import { checkKeys } from "./check-keys.js";
import { engineKeys, type Keys } from "./key-table.js";

/** What an engine says of its keys. */
export interface Ownership {
  /** As people write the engine's name. */
  title: string;
  /** Keys that ft decides, with what to use in their place. */
  owned: Record<string, string>;
  /** Keys that ft writes, but on which nothing depends. */
  free: readonly string[];
}

export type Section = Record<string, unknown>;

/**
 * The rendered sections with the overrides in one of their own at the end; each key stands once.
 * Throws FtError recipe.overrides (recipe): all problems at once.
 */
export function mergeOverrides(
  sections: Record<string, Section>,
  { engine, objective }: Pick<Recipe, "engine" | "objective">,
  ownership: Ownership,
): Record<string, Section> {
  const { overrides } = engine;
  const rendered = Object.assign({}, ...Object.values(sections)) as Section;
  const plugins = Array.isArray(rendered.plugins) ? rendered.plugins.map(String) : [];
  const keys = engineKeys(engine.name, engine.version, objective.type, plugins);
  const versioned = { ...ownership, title: `${ownership.title} ${engine.version}` };
  refuseProblems(checkOverrides(overrides, new Set(Object.keys(rendered)), keys, versioned, objective.type));
  const kept = Object.fromEntries(
    Object.entries(sections).map(([heading, section]) => [
      heading,
      Object.fromEntries(Object.entries(section).filter(([key]) => !Object.hasOwn(overrides, key))),
    ]),
  );
  return { ...kept, "engine.overrides of the recipe": overrides };
}

/** @param rendered keys that ft writes itself */
export function checkOverrides(
  overrides: Section,
  rendered: ReadonlySet<string>,
  keys: Keys,
  { title, owned, free }: Ownership,
  objective: ObjectiveName,
  prefix = "engine.overrides",
): Problem[] {
  return Object.entries(overrides).flatMap(([key, value]) => {
    if (Object.hasOwn(owned, key) || (rendered.has(key) && !free.includes(key))) {
      const fix = Object.hasOwn(owned, key) ? owned[key]! : "a key of the recipe decides it";
      return [{ message: `${prefix}.${key} is ft's own`, fix }];
    }
    return checkKeys(keys, { [key]: value }, { engine: title, prefix, objective });
  });
}

export function refuseProblems(problems: Problem[]): void {
  if (problems.length === 0) return;
  throw new FtError({
    code: "recipe.overrides",
    exit: "recipe",
    message: "engine.overrides has keys that cannot be used",
    problems,
    next: "mend engine.overrides in the recipe; `ft engines keys` lists what there is",
  });
}
