// `extends:`: a recipe and those it builds on, as one. Maps merge key by key, the nearer file wins; lists and scalars are replaced.
import { existsSync } from "node:fs";
import { dirname, isAbsolute, join, relative, resolve } from "node:path";
import { FtError } from "../errors.js";
import { builtInDir } from "./built-in.js";
import { alternativeTo, shortForms } from "./spellings.js";

export type Values = Record<string, unknown>;

const longestChain = 10;

/**
 * The file that `extends` names: a path relative to the file that says it, or the name of a built-in recipe.
 * @param chain files so far, nearest first
 * @throws FtError recipe.extends (recipe)
 */
export function parentFile(name: unknown, chain: readonly string[]): string {
  const from = chain.at(-1)!;
  const fail = (why: string, next: string) =>
    new FtError({
      code: "recipe.extends",
      exit: "recipe",
      message: `extends: ${String(name)} cannot be followed`,
      where: { file: from },
      why,
      next,
    });
  if (typeof name !== "string" || name === "")
    throw fail("it is not a text", "name a recipe file or a built-in recipe (`ft recipe ls`)");
  const builtin = join(builtInDir, `${name}.yaml`);
  const isName = /^[a-z0-9][a-z0-9._-]*$/.test(name) && !/\.ya?ml$/.test(name);
  const file = isName ? builtin : resolve(dirname(from), name);
  if (!existsSync(file))
    throw isName
      ? fail(
          "no built-in recipe has this name",
          "`ft recipe ls` names them; a file is named with its ending, such as ./base.yaml",
        )
      : fail(`there is no file ${file}`, "name a recipe file relative to this one");
  if (chain.includes(file)) throw fail("it leads back to itself", "take the extends out of one of them");
  if (chain.length >= longestChain)
    throw fail(`more than ${longestChain} files build on each other`, "put them together");
  return file;
}

/** `near` over `far`; in `far`, paths are moved so that they mean the same seen from `near`'s folder. */
export function mergeRecipes(near: Values, far: Values): Values {
  return merge(lengthen(near), lengthen(far), []) as Values;
}

/** Paths in a recipe are relative to the file they stand in; built-in recipes' are the person's own. */
export function movePaths(values: Values, { from, to }: { from: string; to: string }): Values {
  const [fromDir, toDir] = [dirname(from), dirname(to)];
  if (fromDir === toDir || fromDir === builtInDir) return values;
  const move = (path: unknown): unknown => {
    if (typeof path !== "string" || isAbsolute(path) || path.startsWith("hf://")) return path;
    return relative(toDir, resolve(fromDir, path)).replace(/^(?!\.)/, "./");
  };
  const moved = structuredClone(lengthen(values));
  const data = mapOf(moved.data);
  if (data?.train !== undefined) data.train = mapSources(data.train, move);
  if (data?.eval !== undefined) data.eval = mapSources(data.eval, move);
  if (data?.contamination !== undefined) data.contamination = mapSources(data.contamination, move);
  const model = mapOf(moved.model);
  if (model && isFolder(model.base)) model.base = move(model.base);
  if (model && typeof model.template === "string" && model.template.endsWith(".jinja"))
    model.template = move(model.template);
  const suites = mapOf(moved.eval)?.suites;
  for (const suite of Array.isArray(suites) ? suites.map(mapOf) : []) {
    if (!suite) continue;
    for (const key of ["data", "include_path"]) if (suite[key] !== undefined) suite[key] = move(suite[key]);
    for (const scorer of Array.isArray(suite.scorers) ? suite.scorers.map(mapOf) : [])
      if (typeof scorer?.schema === "string") scorer.schema = move(scorer.schema);
  }
  const objective = mapOf(moved.objective);
  if (Array.isArray(objective?.rewards))
    objective.rewards = objective.rewards.map((reward: unknown) =>
      typeof reward === "string" && reward.includes(".py:") ? move(reward) : reward,
    );
  return moved;
}

/** A key without a value is one left open, also where a recipe that is extended says it. Not in engine.overrides: an engine may know null. */
export function withoutOpen(values: Values, path: string[] = []): Values {
  return Object.fromEntries(
    Object.entries(values)
      .filter(([, value]) => value !== null)
      .map(([key, value]) => {
        const at = [...path, key];
        const map = at.join(".") === "engine.overrides" ? null : mapOf(value);
        return [key, map ? withoutOpen(map, at) : value];
      }),
  );
}

/** Another objective starts afresh, and so does a change between all weights and an adapter, or of the engine: their keys do not mix. */
function merge(near: unknown, far: unknown, path: string[]): unknown {
  const [a, b] = [mapOf(near), mapOf(far)];
  if (!a || !b) return near === undefined ? far : near;
  if (path.length === 1 && startsAfresh(path[0]!, a, b)) return near;
  const replaced = Object.keys(a).map((key) => alternativeTo([...path, key])?.at(-1));
  const inherited = Object.keys(b).filter((key) => key in a || !replaced.includes(key));
  const keys = [...new Set([...inherited, ...Object.keys(a)])];
  return Object.fromEntries(keys.map((key) => [key, merge(a[key], b[key], [...path, key])]));
}

function startsAfresh(key: string, near: Values, far: Values): boolean {
  const inner = shortForms[key];
  if (!inner || near[inner] === undefined || far[inner] === undefined || near[inner] === far[inner]) return false;
  return key !== "method" || near.type === "full" || far.type === "full";
}

/** `method: lora` as `method: { type: lora }`. */
function lengthen(values: Values): Values {
  return Object.fromEntries(
    Object.entries(values).map(([key, value]) => {
      const inner = Object.hasOwn(shortForms, key) ? shortForms[key] : undefined;
      return [key, inner && typeof value === "string" ? { [inner]: value } : value];
    }),
  );
}

function mapSources(value: unknown, move: (path: unknown) => unknown): unknown {
  if (!Array.isArray(value)) return move(value);
  return value.map((source: unknown) => {
    const map = mapOf(source);
    return map ? { ...map, path: move(map.path) } : move(source);
  });
}

function isFolder(base: unknown): boolean {
  return typeof base === "string" && (/^\.{1,2}\//.test(base) || base.endsWith(".gguf"));
}

function mapOf(value: unknown): Values | null {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Values) : null;
}
