// What another version of an engine changes for one recipe: keys that its rendering writes, defaults that it leaves to the engine, what is refused.
import type { Rendering } from "../engines/contract.js";
import { diffKeys, type KeyChange, type Relevance, relevantChanges } from "../engines/diff-keys.js";
import type { EngineVersion } from "../engines/find-table.js";
import { engineKeys } from "../engines/key-table.js";
import { keyPaths, renderedKeys } from "../engines/rendered-keys.js";
import { FtError, type Problem } from "../errors.js";
import type { Env } from "../paths.js";
import { type LoadedRecipe, loadRecipe } from "../recipes/load.js";
import { engineVersions } from "../recipes/schema/compute.js";
import { renderOnly } from "./render-only.js";

export interface EngineUpgrade extends Relevance {
  objective: string;
  /** The recipe names another engine: it was rendered as if it named this one, without its overrides. */
  isOtherEngine: boolean;
  /** Why the recipe cannot be rendered for a version; empty when it can. */
  refused: { version: string; problems: Problem[] }[];
}

/** @param file the recipe, relative to `cwd`. Throws FtError recipe.*, when the recipe itself is invalid. */
export async function engineUpgrade(
  file: string,
  [from, to]: readonly [EngineVersion, EngineVersion],
  { cwd, env }: { cwd: string; env: Env },
): Promise<EngineUpgrade> {
  const { recipe } = loadRecipe(file, { cwd, env });
  const isOtherEngine = recipe.engine.name !== from.name;
  const render = (version: EngineVersion) =>
    tryRender(version, () => loadAs(file, version, isOtherEngine, { cwd, env }), env);
  const [old, now] = [await render(from), await render(to)];
  const written = new Set([
    ...[old, now].flatMap(({ rendering }) => (rendering ? [...renderedKeys(rendering)] : [])),
    ...(isOtherEngine ? [] : keyPaths(recipe.engine.overrides)),
  ]);
  const keys = ({ name, version }: EngineVersion, rendering: Rendering | null) =>
    engineKeys(name, version, recipe.objective.type, rendering ? pluginsOf(rendering) : []);
  const changes: KeyChange[] = diffKeys(keys(from, old.rendering), keys(to, now.rendering));
  return {
    objective: recipe.objective.type,
    isOtherEngine,
    ...relevantChanges(changes, written),
    refused: [old, now].flatMap(({ version, problems }) => (problems.length > 0 ? [{ version, problems }] : [])),
  };
}

function loadAs(
  file: string,
  { name, version }: EngineVersion,
  isOtherEngine: boolean,
  { cwd, env }: { cwd: string; env: Env },
): LoadedRecipe {
  const sets = [`engine.name=${name}`, `engine.version=${version}`, ...(isOtherEngine ? ["engine.overrides={}"] : [])];
  return loadRecipe(file, { cwd, env, sets });
}

interface Attempt {
  version: string;
  rendering: Rendering | null;
  problems: Problem[];
}

/** A version that ft does not pin has a key table only: nothing can be said about its rendering. */
async function tryRender({ name, version }: EngineVersion, load: () => LoadedRecipe, env: Env): Promise<Attempt> {
  if (!engineVersions[name].includes(version)) return { version, rendering: null, problems: [] };
  try {
    return { version, rendering: await renderOnly(load(), env), problems: [] };
  } catch (error) {
    if (!(error instanceof FtError)) throw error;
    const problems = error.problems.length > 0 ? error.problems : [{ message: error.message, ...fixOf(error) }];
    return { version, rendering: null, problems };
  }
}

function fixOf({ next }: FtError): Pick<Problem, "fix"> {
  return next === undefined ? {} : { fix: next };
}

/** Axolotl's plugins add keys. */
function pluginsOf({ files }: Rendering): string[] {
  return Object.values(files).flatMap((content) => content.match(/(?<=^\s*- )[\w.]+Plugin$/gm) ?? []);
}
