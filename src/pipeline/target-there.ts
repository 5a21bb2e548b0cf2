// Where a recipe's run is to be executed, and what hardware is there.
import type { Device } from "../engines/machine.js";
import { detectDevice } from "../engines/machine.js";
import { loadLauncher } from "../launchers/index.js";
import { type NamedTarget, resolveTarget } from "../launchers/targets.js";
import type { Env } from "../paths.js";
import type { Recipe } from "../recipes/schema.js";

export interface TargetThere {
  target: NamedTarget;
  here: Device;
  /** What of this machine a run there works with. */
  uses: { environment: boolean; base: boolean };
}

/** Asks the target. Throws FtError targets.*, launcher.unreachable, launcher.far-end (environment). */
export async function targetThere({ compute }: Pick<Recipe, "compute">, env: Env): Promise<TargetThere> {
  const target = resolveTarget(compute.on, env);
  const launcher = await loadLauncher(target.settings.launcher);
  const isLocal = target.settings.launcher === "local";
  const here = isLocal ? await detectDevice(env) : (await launcher.probe(target.settings)).device;
  return { target, here, uses: launcher.uses(target.settings) };
}
