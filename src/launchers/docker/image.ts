// The image of a run, brought to the machine by the target's pull policy before the container is made.
import { readEngineLock } from "../../engines/env/engine-lock.js";
import { imageTag, lockedCuda } from "../../engines/image/image-spec.js";
import { FtError } from "../../errors.js";
import type { TargetOf } from "../../recipes/schema/targets.js";
import type { Job } from "../../runs/job.js";
import { ask, type Daemon } from "./daemon.js";

/** The target's, else what `ft image build` makes of the job's engine. */
export function imageOf({ image }: TargetOf<"docker">, { engine, gpus }: Job): string {
  if (image) return image;
  return imageTag(readEngineLock(engine), cudaOf({ engine, gpus }));
}

function cudaOf({ engine, gpus }: Pick<Job, "engine" | "gpus">): string {
  return gpus > 0 ? lockedCuda(readEngineLock(engine)) : "cpu";
}

/** Returns when it is there. Throws FtError launcher.no-image (environment). */
export async function bringImage(
  daemon: Daemon,
  target: TargetOf<"docker">,
  image: string,
  job: Pick<Job, "engine" | "gpus">,
): Promise<void> {
  const isThere = (await ask(daemon, ["image", "inspect", "--format", "{{.Id}}", image])).ok;
  if (isThere && target.pull !== "always") return;
  const isOurs = target.image === undefined; // no registry has it, unless a person put it there
  if (target.pull === "never" || isOurs) {
    if (isThere) return;
    throw noImage(
      daemon,
      image,
      isOurs ? "no registry has it: ft makes it" : "the target's `pull` is never",
      job,
      isOurs,
    );
  }
  const { ok, words } = await ask(daemon, ["pull", "--quiet", image], 0);
  if (!ok) throw noImage(daemon, image, words, job, false);
}

function noImage(
  { host, runtime }: Daemon,
  image: string,
  why: string,
  job: Pick<Job, "engine" | "gpus">,
  isOurs: boolean,
): FtError {
  const elsewhere = host.isHere ? "" : `DOCKER_HOST=ssh://${host.label} `;
  const { name, version } = job.engine;
  // Where it is built may have another GPU, or none.
  const build = `${elsewhere}ft image build --engine ${name}@${version} --cuda ${cudaOf(job)}${runtime === "podman" ? " --runtime podman" : ""}`;
  return new FtError({
    code: "launcher.no-image",
    exit: "environment",
    message: `${host.label} has no image ${image}`,
    why,
    next: isOurs
      ? `${build}; or name another in the target's \`image\``
      : `bring it there (${runtime} pull), or name another in the target's \`image\`; without \`image\` it is what this makes: ${build}`,
  });
}
