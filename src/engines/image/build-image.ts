// Builds an engine's image from docker/trainer.Dockerfile, with the docker or podman of the person.
import { join } from "node:path";
import { FtError } from "../../errors.js";
import { packageRoot } from "../../paths.js";
import type { OnProgress } from "../../progress.js";
import { type CliOptions, containerCli } from "./container-cli.js";
import type { ImageSpec } from "./image-spec.js";
import { requireImage, type TrainerImage } from "./trainer-images.js";

export interface BuildOptions extends Omit<CliOptions, "onLine"> {
  /** Network of the build's steps: "host", or a network's name. Default: the daemon's. */
  network?: string | undefined;
  onProgress: OnProgress;
}

/** Mirrors and proxies reach the build by their names alone, so that no command line shows a password in an address. */
const passedOn = [
  "UV_DEFAULT_INDEX",
  "PIP_INDEX_URL",
  "HTTP_PROXY",
  "HTTPS_PROXY",
  "NO_PROXY",
  "http_proxy",
  "https_proxy",
  "no_proxy",
];

/** Repeatable: layers that are there are reused. Throws FtError (environment) image.build, and those of containerCli. */
export async function buildImage(spec: ImageSpec, options: BuildOptions): Promise<TrainerImage> {
  const { env, onProgress } = options;
  const passed = passedOn.filter((name) => env[name]);
  const args = [
    "build",
    "--file",
    join(packageRoot, "docker/trainer.Dockerfile"),
    "--tag",
    spec.tag,
    ...Object.entries(spec.buildArgs).flatMap(([name, value]) => ["--build-arg", `${name}=${value}`]),
    ...passed.flatMap((name) => ["--build-arg", name]),
    ...(options.network ? ["--network", options.network] : []),
    packageRoot,
  ];
  const tail: string[] = [];
  const onLine = (line: string): void => {
    if (line.trim()) tail.push(line.trim());
    if (tail.length > 12) tail.shift();
    const step = /^(?:#\d+ \[|STEP |Step )(\S+ ?\S*)[\]:] (.*)/.exec(line);
    if (step) onProgress({ label: `building ${spec.tag}: ${step[2]!.slice(0, 60)}` });
  };
  onProgress({ label: `building ${spec.tag}` });
  const { failed } = await containerCli(args, { ...options, onLine });
  if (!failed) return requireImage(spec.tag, options);
  throw new FtError({
    code: "image.build",
    exit: "environment",
    message: `can't build ${spec.tag}`,
    why: tail.join("\n"),
    next: "mend what the last lines say: often the network of the build (--network host), a mirror's address, or the disk",
  });
}
