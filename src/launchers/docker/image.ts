// The image of a run, brought to the machine by the target's pull policy before the container is made.
import { readEngineLock } from "../../engines/env/engine-lock.js";
import { imageTag, lockedCuda } from "../../engines/image/image-spec.js";
import { FtError } from "../../errors.js";
import type { TargetOf } from "../../recipes/schema/targets.js";
import type { Job } from "../../runs/job.js";
import type { Start } from "../folder/contract.js";
import { ask, type Daemon, follow } from "./daemon.js";
import { pullFailure } from "./pull-failure.js";

/** The target's, else what `ft image build` makes of the job's engine. */
export function imageOf({ image }: TargetOf<"docker">, { engine, gpus }: Job): string {
  if (image) return image;
  return imageTag(readEngineLock(engine), cudaOf({ engine, gpus }));
}

function cudaOf({ engine, gpus }: Pick<Job, "engine" | "gpus">): string {
  return gpus > 0 ? lockedCuda(readEngineLock(engine)) : "cpu";
}

/** Returns when it is there. Throws FtError launcher.no-image, launcher.no-engine, and those of pull-failure.ts (environment). */
export async function bringImage(
  daemon: Daemon,
  target: TargetOf<"docker">,
  image: string,
  { job, ...watching }: Pick<Start, "onProgress" | "signal"> & { job: Pick<Job, "engine" | "gpus"> },
): Promise<void> {
  await ensureImage(daemon, target, image, { job, ...watching });
  const { engine } = job;
  const made = await madeFor(daemon, image);
  if (target.prepare || made === null || (made.name === engine.name && made.version === engine.version)) return;
  throw new FtError({
    code: "launcher.no-engine",
    exit: "environment",
    message: `the image ${image} on ${daemon.host.label} has ${made.name} ${made.version}, and the run wants ${engine.name} ${engine.version}`,
    next: `leave the target's \`image\` out and build it: ${buildCommand(target, engine, cudaOf(job))}; or set \`prepare: true\``,
  });
}

/** The engine of an image that ft made, by its labels; null: its labels do not say, or it is not there. */
export async function madeFor(daemon: Daemon, image: string): Promise<Job["engine"] | null> {
  const labels = ["ft.engine", "ft.engine-version"].map((label) => `{{index .Config.Labels "${label}"}}`);
  const { ok, stdout } = await ask(daemon, ["image", "inspect", "--format", labels.join("\t"), image]);
  const [name = "", version = ""] = stdout.trim().split("\t");
  return ok && name !== "" && version !== "" && !name.startsWith("<") ? { name, version } : null;
}

async function ensureImage(
  daemon: Daemon,
  target: TargetOf<"docker">,
  image: string,
  { job, onProgress, signal }: Pick<Start, "onProgress" | "signal"> & { job: Pick<Job, "engine" | "gpus"> },
): Promise<void> {
  const isThere = (await ask(daemon, ["image", "inspect", "--format", "{{.Id}}", image])).ok;
  if (isThere && target.pull !== "always") return;
  const isOurs = target.image === undefined; // no registry has it, unless a person put it there
  if (target.pull === "never" || isOurs) {
    if (isThere) return;
    const why = isOurs ? "no registry has it: ft makes it" : "the target's `pull` is never";
    throw noImage(daemon, target, image, why, job);
  }
  const layers = layerCount();
  const label = `${daemon.host.label} pulls ${image}`;
  onProgress({ label });
  const onLine = (line: string) => onProgress({ label: `${label}${layers(line)}` });
  const { ok, words } = await follow(daemon, ["pull", image], { onLine, signal });
  if (!ok) throw pullFailure(daemon, image, words) ?? noImage(daemon, target, image, words, job);
}

/** Takes what docker prints of each layer where no terminal is; returns how far it is, in words. Podman prints none of it. */
function layerCount(): (line: string) => string {
  const isHere = new Map<string, boolean>();
  return (line) => {
    const [, layer, state] = /^([0-9a-f]{12}): (.+)$/.exec(line) ?? [];
    if (layer && state) isHere.set(layer, /^(Pull complete|Already exists)/.test(state));
    const done = [...isHere.values()].filter(Boolean).length;
    return isHere.size === 0 ? "" : `, ${done} of ${isHere.size} layers`;
  };
}

/** Where it is built may have another GPU, or none: so `cuda` is said. Without `at` the person's docker is led there already. */
export function buildCommand(
  { at, runtime }: TargetOf<"docker">,
  { name, version }: Job["engine"],
  cuda?: string,
): string {
  const variable = runtime === "docker" ? "DOCKER_HOST" : "CONTAINER_HOST";
  const elsewhere = at ? `${variable}=ssh://${at.host}${at.port ? `:${at.port}` : ""} ` : "";
  return `${elsewhere}ft image build --engine ${name}@${version}${cuda ? ` --cuda ${cuda}` : ""}${runtime === "podman" ? " --runtime podman" : ""}`;
}

function noImage(
  { host, runtime }: Daemon,
  target: TargetOf<"docker">,
  image: string,
  why: string,
  job: Pick<Job, "engine" | "gpus">,
): FtError {
  const build = buildCommand(target, job.engine, cudaOf(job));
  return new FtError({
    code: "launcher.no-image",
    exit: "environment",
    message: `${host.label} has no image ${image}`,
    why,
    next: !target.image
      ? `${build}; or name another in the target's \`image\``
      : `bring it there (${runtime} pull), or name another in the target's \`image\`; without \`image\` it is what this makes: ${build}`,
  });
}
