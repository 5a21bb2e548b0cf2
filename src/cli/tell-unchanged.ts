// `ft run` when there is nothing to do: says which run did the same already, and gives its adapter as the result.
import { existsSync } from "node:fs";
import { relative } from "node:path";
import { exitCodes } from "../errors.js";
import { runsDir } from "../paths.js";
import { openProject } from "../pipeline/open-project.js";
import { findUnchanged } from "../pipeline/unchanged.js";
import type { LoadedRecipe } from "../recipes/load.js";
import { writeJson } from "./io.js";
import type { CommandContext } from "./program.js";

/** False when there is something to do. */
export async function tellUnchanged(
  { io, exit }: CommandContext,
  loaded: LoadedRecipe,
  flags: { exitCode?: boolean; json?: boolean },
): Promise<boolean> {
  if (!existsSync(runsDir(loaded.dir))) return false;
  const store = await openProject(loaded.dir);
  const same = await findUnchanged(loaded, { env: io.env, store }).finally(() => store.close());
  if (!same) return false;
  const { run, adapter } = same;
  if (flags.exitCode) exit(exitCodes.unchanged.code);
  io.err.write(`nothing changed since run ${run} (--force trains anyway)\n`);
  if (flags.json) writeJson(io, { ok: true, unchanged: true, run: { id: run, name: adapter.name }, adapter });
  else io.out.write(`adapter ${adapter.name}@${adapter.version}  ${relative(io.cwd, adapter.dir) || "."}\n`);
  return true;
}
