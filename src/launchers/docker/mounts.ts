// Which folders of the machine a run's container sees, and where.
import { homedir } from "node:os";
import { basename, dirname, join } from "node:path";
import { z } from "zod";
import { ftCacheDir } from "../../paths.js";
import type { TargetOf } from "../../recipes/schema/targets.js";
import { upToAttempt } from "../attempt-name.js";
import type { Place, Start } from "../folder/contract.js";
import { callFarEnd, farFailure } from "../folder/far-end.js";
import { inside, type Mount } from "./run-args.js";

export interface Mounted {
  mounts: Mount[];
  env: Record<string, string>;
  /** More of run.py's arguments. */
  args: string[];
}

/** Makes the folders that are to be there. */
export async function mountsFor(place: Place, target: TargetOf<"docker">, start: Start): Promise<Mounted> {
  const { dir, base, job } = place;
  const mounts: Mount[] = [{ source: dir, target: inside.job }];
  const env: Record<string, string> = { HOME: "/tmp", USER: "ft", LOGNAME: "ft" };
  const args: string[] = [];
  const share = async (folder: string, where: string) => {
    const source = await absolute(place, folder);
    await make(place, source);
    mounts.push({ source, target: where });
  };
  if (base !== null) mounts.push({ source: rootOf(base), target: rootOf(base), isReadOnly: true });
  else {
    await share(target.hub_cache, inside.hub);
    env.HF_HOME = inside.hub;
  }
  if (target.prepare) {
    await share(`${target.dir}/cache`, inside.cache);
    env.FT_CACHE = inside.cache;
    env.UV_CACHE_DIR = `${inside.cache}/uv-cache`;
  }
  if (job.gpus > 0) await share(`${target.dir}/leases`, inside.leases);
  if (start.secretsFile !== null) {
    // In a folder of its own, so that run.py can take it away: a file that is mounted cannot be.
    const source = secretsFolder(place, start.attempt);
    await make(place, source);
    await run(place, ["chmod", "700", source]);
    await run(place, ["mv", "-f", "--", start.secretsFile, join(source, "secrets.json")]);
    mounts.push({ source, target: inside.secrets });
    args.push("--secrets", `${inside.secrets}/secrets.json`);
  }
  return { mounts, env: { ...env, ...start.env }, args };
}

/** What was made for an attempt beside its folder, and for those before it: an ft that was killed before the container was made left it there. */
export async function removeSecrets(
  place: Pick<Place, "host" | "dir" | "python">,
  id: string,
  attempt: number,
): Promise<void> {
  const root = secretsRoot(place);
  const folders = upToAttempt(attempt, (each) => join(root, `${id}-${each}`));
  await run(place, ["rm", "-rf", "--", ...folders]);
}

function secretsFolder(place: Place, attempt: number): string {
  return join(secretsRoot(place), `${place.job.id}-${attempt}`);
}

function secretsRoot({ host, dir }: Pick<Place, "host" | "dir">): string {
  return host.isHere ? mountedSecretsHere() : join(dirname(dirname(dir)), "mounted-secrets");
}

/** Of containers on this machine: a folder an attempt. */
export function mountedSecretsHere(): string {
  return join(ftCacheDir(process.env), "mounted-secrets");
}

/** A snapshot of the Hub's cache is made of links to blobs, which lie beside it. */
function rootOf(base: string): string {
  return basename(dirname(base)) === "snapshots" ? dirname(dirname(base)) : base;
}

async function absolute(place: Place, folder: string): Promise<string> {
  if (place.host.isHere) return folder.replace(/^~(?=\/)/, homedir());
  const answer = z.object({ path: z.string().startsWith("/") });
  return (await callFarEnd({ ...place, command: "where", args: [folder], answer })).answer.path;
}

async function make(place: Place, folder: string): Promise<void> {
  await run(place, ["mkdir", "-p", "--", folder]);
}

async function run({ host, python }: Pick<Place, "host" | "python">, argv: string[]): Promise<void> {
  const { exitCode, stderr } = await host.run(argv);
  if (exitCode !== 0) throw farFailure(host, python, exitCode, stderr);
}
