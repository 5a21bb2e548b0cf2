// `ft image build|ls|show`: container images with an engine in them, for launchers that run containers.
import { type Command, Option } from "commander";
import { type ContainerRuntime, containerRuntimes } from "../engines/image/container-runtime.js";
import { writeJson } from "./io.js";
import type { CommandContext } from "./program.js";

interface BuildFlags {
  engine: string;
  cuda?: string;
  baseImage?: string;
  tag?: string;
  network?: string;
  runtime: ContainerRuntime;
  json?: boolean;
}

export function registerImage(program: Command, { io }: CommandContext): void {
  const images = program.command("image").description("trainer images: build, ls, show");
  const runtime = () =>
    new Option("--runtime <name>", "whose command line").choices(containerRuntimes).default("docker");

  images
    .command("build")
    .description("build an engine's image from its locked requirements")
    .option("--engine <name>", "trl, axolotl, axolotl@0.19.0, unsloth", "trl")
    .option("--cuda <version>", '"cpu" or a CUDA version (default: for the GPU of this machine, else cpu)')
    .option("--base-image <name>", "Debian or Ubuntu image to build on (default: python:3.12-slim-bookworm)")
    .option("--tag <name>", "the image's name (default: made of engine, version, CUDA and lock)")
    .option("--network <mode>", 'network of the build: "host" where the daemon has none of its own')
    .addOption(runtime())
    .option("--json", "print the image as JSON")
    .action(async (flags: BuildFlags) => {
      const { readEngineLock, requireEngine } = await import("../engines/env/engine-lock.js");
      const { buildImage } = await import("../engines/image/build-image.js");
      const { imageSpec } = await import("../engines/image/image-spec.js");
      const { chooseCuda } = await import("../engines/image/choose-cuda.js");
      const { ftVersion } = await import("../pipeline/lock-entry.js");
      const { interruptible } = await import("./interruptible.js");
      const { progressLines } = await import("./progress-lines.js");
      const { imageText } = await import("./views/images.js");
      const lock = readEngineLock(requireEngine(flags.engine));
      const cuda = await chooseCuda(flags.cuda, lock, io.env);
      const spec = imageSpec(lock, { ...flags, cuda, ftVersion: ftVersion() });
      const progress = progressLines(io);
      const image = await interruptible((signal) =>
        buildImage(spec, { ...flags, env: io.env, onProgress: progress.report, signal }),
      ).finally(progress.end);
      if (flags.json) writeJson(io, { ok: true, image });
      else io.out.write(imageText(image));
    });

  images
    .command("ls")
    .description("list the trainer images that are here")
    .addOption(runtime())
    .option("--json", "print JSON")
    .action(async (flags: { runtime: ContainerRuntime; json?: boolean }) => {
      const { listImages } = await import("../engines/image/trainer-images.js");
      const listed = await listImages({ runtime: flags.runtime, env: io.env });
      if (flags.json) return writeJson(io, { ok: true, images: listed });
      const { imageTable } = await import("./views/images.js");
      if (listed.length === 0) io.err.write("no trainer images yet: ft image build\n");
      io.out.write(imageTable(listed));
    });

  images
    .command("show <image>")
    .description("show a trainer image: by tag, digest or id")
    .addOption(runtime())
    .option("--json", "print JSON")
    .action(async (name: string, flags: { runtime: ContainerRuntime; json?: boolean }) => {
      const { requireImage } = await import("../engines/image/trainer-images.js");
      const image = await requireImage(name, { runtime: flags.runtime, env: io.env });
      if (flags.json) return writeJson(io, { ok: true, image });
      const { imageText } = await import("./views/images.js");
      io.out.write(imageText(image));
    });
}
