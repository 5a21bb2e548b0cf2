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
  const lock = readEngineLock(engine);
  return imageTag(lock, gpus > 0 ? lockedCuda(lock) : "cpu");
}

/** Returns when it is there. Throws FtError launcher.no-image (environment). */
export async function bringImage(
  daemon: Daemon,
  target: TargetOf<"docker">,
  image: string,
  engine: string,
): Promise<void> {
  const isThere = (await ask(daemon, ["image", "inspect", "--format", "{{.Id}}", image])).ok;
  if (isThere && target.pull !== "always") return;
  const isOurs = target.image === undefined; // no registry has it, unless a person put it there
  if (target.pull === "never" || isOurs) {
    if (isThere) return;
    throw noImage(daemon, image, isOurs ? `no registry has it: ft makes it` : "the target's `pull` is never", engine);
  }
  const { ok, words } = await ask(daemon, ["pull", "--quiet", image], 0);
  if (!ok) throw noImage(daemon, image, words, engine);
}

function noImage({ host, runtime }: Daemon, image: string, why: string, engine: string): FtError {
  const elsewhere = host.isHere ? "" : `DOCKER_HOST=ssh://${host.label} `;
  return new FtError({
    code: "launcher.no-image",
    exit: "environment",
    message: `${host.label} has no image ${image}`,
    why,
    next: `${elsewhere}ft image build --engine ${engine}${runtime === "podman" ? " --runtime podman" : ""}; or name another in the target's \`image\``,
  });
}
