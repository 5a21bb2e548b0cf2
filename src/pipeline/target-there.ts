// Where a recipe's run is to be executed, and what hardware is there.
import { type Device, detectDevice } from "../engines/machine.js";
import { FtError } from "../errors.js";
import type { Launcher } from "../launchers/contract.js";
import { loadLauncher } from "../launchers/index.js";
import { type NamedTarget, resolveTarget } from "../launchers/targets.js";
import type { Env } from "../paths.js";
import type { Recipe } from "../recipes/schema.js";

export interface TargetThere {
  target: NamedTarget;
  here: Device;
  /** What of this machine a run there works with. */
  uses: { environment: boolean; base: boolean };
  /** Why the target could not be asked: this machine stands in for it. Null: it was. */
  silence: string | null;
}

/** Asks the target. Throws FtError targets.*, launcher.unreachable, launcher.far-end (environment). */
export async function targetThere({ compute }: Pick<Recipe, "compute">, env: Env): Promise<TargetThere> {
  const target = resolveTarget(compute.on, env);
  const launcher = await loadLauncher(target.settings.launcher);
  return {
    ...{ target, here: await deviceOf(target, launcher, env), uses: launcher.uses(target.settings) },
    silence: null,
  };
}

/** For what is only shown: what a recipe comes to can be said of a target that is down, too. Throws FtError targets.* (usage). */
export async function targetOrHere(recipe: Pick<Recipe, "compute">, env: Env): Promise<TargetThere> {
  const target = resolveTarget(recipe.compute.on, env);
  try {
    return await targetThere(recipe, env);
  } catch (error) {
    if (!(error instanceof FtError) || error.exit !== "environment") throw error;
    const uses = (await loadLauncher(target.settings.launcher)).uses(target.settings);
    return { target, uses, here: await detectDevice(env), silence: error.message };
  }
}

async function deviceOf({ name, settings }: NamedTarget, { probe }: Launcher<unknown>, env: Env): Promise<Device> {
  if (settings.launcher === "local") return detectDevice(env);
  const { device } = await probe(settings);
  const isHere = settings.launcher === "docker" && device.elsewhere === undefined;
  return isHere ? device : { ...device, elsewhere: { ramBytes: null, ...device.elsewhere, label: name } };
}
