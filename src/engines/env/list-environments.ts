// The environments in ft's cache: finished ones, and what an interrupted ft left.

import { existsSync } from "node:fs";
import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { FtError } from "../../errors.js";
import { withFileLock } from "../../file-lock.js";
import { nearest } from "../../nearest.js";
import type { Env } from "../../paths.js";
import { type EnvironmentMarker, environmentsDir, markerName, readMarker } from "./marker.js";

export interface ListedEnvironment {
  name: string;
  dir: string;
  /** Null: half-made; it is rebuilt when it is needed. */
  marker: EnvironmentMarker | null;
}

export async function listEnvironments(env: Env): Promise<ListedEnvironment[]> {
  const parent = environmentsDir(env);
  if (!existsSync(parent)) return [];
  const folders = (await readdir(parent, { withFileTypes: true })).filter((entry) => entry.isDirectory());
  return Promise.all(
    folders
      .map(({ name }) => name)
      .sort()
      .map(async (name) => ({ name, dir: join(parent, name), marker: await readMarker(join(parent, name)) })),
  );
}

/** By exact name. Waits for an ft that is just making it. Throws FtError env.unknown (exit usage). */
export async function removeEnvironment(name: string, env: Env): Promise<ListedEnvironment> {
  const all = await listEnvironments(env);
  const found = all.find((candidate) => candidate.name === name);
  if (!found) {
    const near = nearest(
      name,
      all.map((candidate) => candidate.name),
    );
    throw new FtError({
      code: "env.unknown",
      exit: "usage",
      message: `no environment is called ${name}`,
      ...(near ? { why: `did you mean ${near}?` } : {}),
      next: "ft env ls lists them",
    });
  }
  await withFileLock(`${found.dir}.lock`, async () => {
    // The marker goes first: interrupted from here on, the folder counts as half-made.
    await rm(join(found.dir, markerName), { force: true });
    await rm(found.dir, { recursive: true, force: true });
  });
  return found;
}
