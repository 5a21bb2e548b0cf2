// Where a recipe's run is to be executed, and what hardware is there.
import { type Device, detectDevice } from "../engines/machine.js";
import { FtError } from "../errors.js";
import type { Launcher, Probe, Wanted } from "../launchers/contract.js";
import { loadLauncher } from "../launchers/index.js";
import { type NamedTarget, resolveTarget } from "../launchers/targets.js";
import type { ResolvedModel } from "../models/resolve.js";
import type { Env } from "../paths.js";
import type { Target } from "../recipes/schema/targets.js";
import type { Recipe } from "../recipes/schema.js";

export interface TargetThere {
  target: NamedTarget;
  here: Device;
  /** What of this machine a run there works with. */
  uses: { environment: boolean; base: boolean };
  /** Why the target could not be asked: this machine stands in for it. Null: it was. */
  silence: string | null;
  /** What no run can do without there, and lacks. */
  lacks: Probe["checks"];
}

type Asked = Pick<Recipe, "compute" | "engine">;

/** Asks the target, of the base and the engine too. Throws FtError targets.*, launcher.unreachable, launcher.far-end (environment). */
export async function targetThere({ compute, engine }: Asked, base: ResolvedModel, env: Env): Promise<TargetThere> {
  const target = resolveTarget(compute.on, env);
  const launcher = await loadLauncher(target.settings.launcher);
  const { base: comesFrom } = { base: null, ...target.settings };
  const isFetched = (base.source === "hub" || base.source === "embedded") && comesFrom !== "copy";
  const wanted = { engine: { name: engine.name, version: engine.version }, base: isFetched ? base.id : null };
  const { device, checks } = await probeTarget(target, launcher, { env, wanted });
  const lacks = checks.filter((check) => check.status === "missing" && holdsForGood(target.settings, check));
  return { target, here: device, uses: launcher.uses(target.settings), silence: null, lacks };
}

/** A platform with a queue takes a job all the same: what lacks now may be there by then, but for what the settings themselves make impossible. */
function holdsForGood({ launcher }: Target, { name }: Probe["checks"][number]): boolean {
  return launcher === "ssh" || launcher === "docker" || (launcher === "slurm" && name === "time");
}

/** Throws FtError launcher.not-ready (environment), before anything is written: nothing could run there. */
export function refuseUnready({ name }: NamedTarget, lacks: Probe["checks"]): void {
  const [first] = lacks;
  if (first === undefined) return;
  throw new FtError({
    code: "launcher.not-ready",
    exit: "environment",
    message: `${name} cannot take the run: ${lacks.map((check) => check.detail).join("; ")}`,
    why: "nothing was written, there or here",
    next: first.next ?? `ft doctor --on ${name} shows all that it lacks`,
  });
}

/** For what is only shown: what a recipe comes to can be said of a target that is down, too. Throws FtError targets.* (usage). */
export async function targetOrHere(recipe: Asked, base: ResolvedModel, env: Env): Promise<TargetThere> {
  const target = resolveTarget(recipe.compute.on, env);
  try {
    return await targetThere(recipe, base, env);
  } catch (error) {
    if (!(error instanceof FtError) || error.exit !== "environment") throw error;
    const uses = (await loadLauncher(target.settings.launcher)).uses(target.settings);
    return { target, uses, here: await detectDevice(env), silence: error.message, lacks: [] };
  }
}

async function probeTarget(
  { name, settings }: NamedTarget,
  { probe }: Launcher<unknown>,
  { env, wanted }: { env: Env; wanted: Wanted },
): Promise<Probe> {
  if (settings.launcher === "local") return { device: await detectDevice(env), checks: [] };
  const { device, checks } = await probe(settings, wanted);
  const isHere = settings.launcher === "docker" && device.elsewhere === undefined;
  if (isHere) return { device, checks };
  return { device: { ...device, elsewhere: { ramBytes: null, ...device.elsewhere, label: name } }, checks };
}
