// The trainer images that a daemon has, found by the labels of docker/trainer.Dockerfile.
import { z } from "zod";
import { FtError } from "../../errors.js";
import { type CliOptions, containerCli } from "./container-cli.js";

export interface TrainerImage {
  /** "sha256:...": names the image whatever its tags say. */
  id: string;
  tags: string[];
  /** "registry/name@sha256:..." once it was pushed or pulled. */
  digests: string[];
  engine: string;
  engineVersion: string;
  /** "cpu" or a CUDA version. */
  accelerator: string;
  lockHash: string;
  ftVersion: string;
  bytes: number;
  createdAt: string;
}

const inspectedSchema = z.array(
  z.object({
    Id: z.string(),
    RepoTags: z.array(z.string()).nullish(),
    RepoDigests: z.array(z.string()).nullish(),
    Created: z.string(),
    Size: z.number(),
    Config: z.object({ Labels: z.record(z.string(), z.string()).nullish() }),
  }),
);

export async function listImages(options: CliOptions): Promise<TrainerImage[]> {
  const listed = await containerCli(["image", "ls", "--quiet", "--no-trunc", "--filter", "label=ft.engine"], options);
  if (listed.failed) throw refused(listed.lastWords);
  const ids = [...new Set(listed.stdout.split("\n").filter(Boolean))];
  return ids.length === 0 ? [] : inspect(ids, options);
}

/** By tag, digest or id. Throws FtError (environment) image.unknown, image.not-ours. */
export async function requireImage(name: string, options: CliOptions): Promise<TrainerImage> {
  const [image] = await inspect([name], options);
  if (image) return image;
  throw new FtError({
    code: "image.not-ours",
    exit: "environment",
    message: `${name} was not made by ft`,
    why: "it has no label ft.engine",
    next: `ft image ls lists those that were; \`${options.runtime} image inspect ${name}\` shows any`,
  });
}

async function inspect(names: string[], options: CliOptions): Promise<TrainerImage[]> {
  const { failed, stdout, lastWords } = await containerCli(["image", "inspect", ...names], options);
  if (failed && /no such image|not known|not found/i.test(lastWords)) throw unknown(names.join(", "));
  if (failed) throw refused(lastWords);
  return inspectedSchema.parse(JSON.parse(stdout)).flatMap(({ Config, ...image }) => {
    const labels = Config.Labels ?? {};
    if (!labels["ft.engine"]) return [];
    return {
      id: image.Id.startsWith("sha256:") ? image.Id : `sha256:${image.Id}`,
      tags: image.RepoTags ?? [],
      digests: image.RepoDigests ?? [],
      engine: labels["ft.engine"],
      engineVersion: labels["ft.engine-version"] ?? "",
      accelerator: labels["ft.accelerator"] ?? "",
      lockHash: labels["ft.lock"] ?? "",
      ftVersion: labels["ft.version"] ?? "",
      bytes: image.Size,
      createdAt: image.Created,
    };
  });
}

function unknown(name: string): FtError {
  return new FtError({
    code: "image.unknown",
    exit: "environment",
    message: `there is no image ${name}`,
    next: "ft image ls lists them; ft image build makes one",
  });
}

function refused(why: string): FtError {
  return new FtError({
    code: "image.refused",
    exit: "environment",
    message: "the container engine refused",
    why,
    next: "mend what it says, then repeat",
  });
}
