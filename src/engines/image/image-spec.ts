// What an engine's image is made of and called: pure, so that the same engine, CUDA version and lock always give the same name.
import { type EngineLock, pinned } from "../env/engine-lock.js";

export interface ImageSpec {
  /** "ft-trainer:trl-1.16.0-cpu-1a2b3c4d". */
  tag: string;
  /** Arguments of docker/trainer.Dockerfile. */
  buildArgs: Record<string, string>;
}

export interface ImageChoice {
  /** "cpu", or a CUDA version: "13.2". */
  cuda: string;
  ftVersion: string;
  /** Default: what the Dockerfile names. */
  baseImage?: string | undefined;
  /** In place of the made-up name. */
  tag?: string | undefined;
}

export function imageSpec(lock: EngineLock, { cuda, ftVersion, baseImage, tag }: ImageChoice): ImageSpec {
  return {
    tag: tag ?? imageTag(lock, cuda),
    buildArgs: {
      ...(baseImage ? { BASE_IMAGE: baseImage } : {}),
      ENGINE: lock.engine,
      ENGINE_VERSION: lock.version,
      CUDA: cuda,
      FT_VERSION: ftVersion,
      LOCK_HASH: lock.hash,
    },
  };
}

/** The name of an engine's image, unless a person gave it another. */
export function imageTag({ engine, version, hash }: EngineLock, cuda: string): string {
  return `ft-trainer:${engine}-${version}-${cuda === "cpu" ? "cpu" : `cu${cuda.replace(".", "")}`}-${hash}`;
}

/** The CUDA version of the torch that the lock itself holds: "13.2". Others come from PyTorch's own index. */
export function lockedCuda({ text }: EngineLock): string {
  return pinned(text, "nvidia-cuda-runtime").split(".").slice(0, 2).join(".");
}
