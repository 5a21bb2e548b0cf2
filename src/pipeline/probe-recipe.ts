// `ft plan --probe`: from a recipe to its probe. The environment must be there; the model is fetched where it is not, as the run would.
import { requireEnvironment } from "../engines/env/ensure-environment.js";
import { requireWritable } from "../ensure-dir.js";
import { ftDir } from "../paths.js";
import type { LoadedRecipe } from "../recipes/load.js";
import { prepare } from "./prepare.js";
import { type Probe, type ProbeContext, probe, refuseProbeElsewhere } from "./probe.js";
import { survey } from "./survey.js";

/** Throws what `ft run` throws before it trains, FtError env.missing (environment), probe.does-not-fit (fit), probe.failed (training). */
export async function probeRecipe(loaded: LoadedRecipe, context: ProbeContext): Promise<Probe> {
  requireWritable(ftDir(loaded.dir));
  const surveyed = await survey(loaded, context);
  refuseProbeElsewhere(surveyed);
  await requireEnvironment(surveyed.loaded.recipe.engine, { env: context.env, device: surveyed.here });
  return probe(surveyed, await prepare(surveyed, context, { frozen: false }), context);
}
