// Whether a run has room on its machine: asked before anything is copied there.
import { z } from "zod";
import { readEngineLock } from "../../engines/env/engine-lock.js";
import { leastEnvironmentBytes } from "../../engines/env/environment-bytes.js";
import type { FarDisk, FarRoom } from "../../engines/machine.js";
import { FtError } from "../../errors.js";
import { diskSize } from "../../free-space.js";
import { readEstimate } from "../../plan/calibration/estimate-file.js";
import type { Job } from "../../runs/job.js";
import type { Wanted } from "../contract.js";
import type { Host } from "../hosts/contract.js";
import type { Place } from "./contract.js";
import { callFarEnd, roomThere } from "./far-end.js";

/** Which caches of its machine a run works with. */
export interface Caches {
  /** An engine's environment is made there. */
  environment: boolean;
  /** Variables that say where caches are: FT_CACHE, HF_HOME. */
  env: Record<string, string>;
}

const diskSchema = z.object({ path: z.string(), device: z.number(), freeBytes: z.number() });
const cacheSchema = diskSchema.extend({ isThere: z.boolean() });
const roomSchema = z.object({ jobs: diskSchema, environments: cacheSchema, hub: cacheSchema });

/** Throws FtError launcher.unreachable, launcher.far-end. */
export async function askRoom(
  { host, python, dir }: Pick<Place, "python" | "dir"> & { host: Host },
  { environment, env }: Caches,
  { engine, base, revision = "*" }: Wanted & { revision?: string },
): Promise<FarRoom> {
  const input = JSON.stringify({
    env,
    environment: environment ? `${engine.name}-${engine.version}-*-${lockHash(engine)}` : null,
    base: base === null ? null : { id: base, revision },
  });
  const { answer } = await callFarEnd({ host, python, command: "room", args: [dir], input, answer: roomSchema });
  const { environments, hub } = answer;
  return {
    ...answer,
    environments: { ...environments, isThere: environments.isThere || !environment },
    hub: { ...hub, isThere: hub.isThere || base === null },
  };
}

/** An engine of a version that this ft does not pin has no environment that could be found. */
function lockHash(engine: Job["engine"]): string {
  try {
    return readEngineLock(engine).hash;
  } catch {
    return "none";
  }
}

interface Need extends FarDisk {
  what: string;
  bytes: number;
}

/** `copied`: bytes that go there now. What is estimated counts as far as it is sure to come. Throws FtError env.disk-full (environment). */
export async function requireRoom(
  place: Place,
  home: string,
  caches: Caches,
  { copied, resume }: { copied: number; resume: boolean },
): Promise<void> {
  const { engine, model, target } = place.job;
  const base = place.base === null ? (model.hub?.id ?? null) : null;
  const revision = model.hub?.revision ?? "*";
  const room = await askRoom(place, caches, { engine, base, revision });
  const disk = readEstimate(home)?.disk;
  const made = resume
    ? { ...room.jobs, what: "the next checkpoint", bytes: disk?.checkpoint ?? 0 }
    : resultOf(room, disk?.run ?? 0);
  const files = { ...room.jobs, what: "files to copy", bytes: copied };
  refuseFull(target.name, [files, made, ...cachesOf(room, disk?.base ?? 0)]);
}

/** The same before a run is written, by what a probe found there. `base`, `run`: bytes by the estimate. Throws FtError env.disk-full (environment). */
export function refuseNoRoom(target: string, room: FarRoom, { base, run }: { base: number; run: number }): void {
  refuseFull(target, [resultOf(room, run), ...cachesOf(room, base)]);
}

function resultOf({ jobs }: FarRoom, bytes: number): Need {
  return { ...jobs, what: "checkpoints and result", bytes };
}

function cachesOf({ environments, hub }: FarRoom, base: number): Need[] {
  return [
    { ...hub, what: "the base", bytes: hub.isThere ? 0 : base },
    { ...environments, what: "the engine's environment", bytes: environments.isThere ? 0 : leastEnvironmentBytes },
  ];
}

function refuseFull(target: string, needs: Need[]): void {
  const open = needs.filter(({ bytes }) => bytes > 0);
  for (const { device, path, freeBytes } of open) {
    const parts = open.filter((need) => need.device === device);
    const needed = parts.reduce((sum, { bytes }) => sum + bytes, 0);
    if (needed > freeBytes) throw noRoom(target, { path, needed, freeBytes, parts });
  }
}

function noRoom(
  target: string,
  { path, needed, freeBytes, parts }: { path: string; needed: number; freeBytes: number; parts: Need[] },
): FtError {
  return new FtError({
    code: "env.disk-full",
    exit: "environment",
    message: `${target} has not enough disk space for the run: ${path} needs ${diskSize(needed)}, ${diskSize(freeBytes)} are free`,
    why: parts.map(({ what, bytes }) => `${what} ${diskSize(bytes)}`).join(", "),
    next: roomThere,
  });
}
