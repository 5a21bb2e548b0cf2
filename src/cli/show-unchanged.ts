// `ft run` with nothing to do: says which run did it, and shows that run's result (with --detach its id), as if it had just been trained.
import { isEvaluatedAs, isPushedAs, type UnchangedRun } from "../pipeline/unchanged.js";
import { whyNotEvaluated } from "../pipeline/why-not-evaluated.js";
import type { LoadedRecipe } from "../recipes/load.js";
import { type Io, writeJson } from "./io.js";
import { adapterResult } from "./views/adapter-result.js";

export function showUnchanged(
  io: Io,
  { run, adapter }: UnchangedRun,
  { loaded: { dir: projectDir, recipe }, json, detach }: { loaded: LoadedRecipe; json: boolean; detach: boolean },
): void {
  const { name, version } = adapter;
  io.err.write(`nothing changed since run ${run.id} (${name}@${version}); train anyway: --force\n`);
  if (!isEvaluatedAs(projectDir, run, recipe))
    io.err.write(
      `note: the recipe has another eval since; evaluate it anew: ft eval run ${name}@${version} (its held-out rows: --suite heldout)\n`,
    );
  const { hub } = recipe;
  if (hub && !isPushedAs(projectDir, run, recipe))
    io.err.write(
      `note: the recipe has another hub since; push it there: ft adapters push ${name}@${version} --repo ${hub.repo}${hub.private ? "" : " --public"}${hub.branch === "main" ? "" : ` --branch ${hub.branch}`}\n`,
    );
  const notEvaluated = whyNotEvaluated(projectDir, run.id);
  if (json) writeJson(io, { ok: true, skipped: true, run, adapter, ...(notEvaluated && { notEvaluated }) });
  else if (detach) io.out.write(`${run.id}\n`);
  else io.out.write(adapterResult(adapter, io.cwd, notEvaluated));
}
