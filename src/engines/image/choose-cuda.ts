// Which CUDA version an image gets: the asked one, else what this machine's driver can run.
import { FtError } from "../../errors.js";
import type { Env } from "../../paths.js";
import type { EngineLock } from "../env/engine-lock.js";
import { detectDevice } from "../machine.js";
import { lockedCuda } from "./image-spec.js";

/** @param asked "cpu", "13.2" ... Throws FtError image.cuda (usage). */
export async function chooseCuda(asked: string | undefined, lock: EngineLock, env: Env): Promise<string> {
  if (asked === undefined) return (await detectDevice(env)).kind === "cuda" ? lockedCuda(lock) : "cpu";
  if (/^(cpu|\d{2}\.\d)$/.test(asked)) return asked;
  throw new FtError({
    code: "image.cuda",
    exit: "usage",
    message: `--cuda ${asked} is neither "cpu" nor a CUDA version`,
    next: `write it as ${lockedCuda(lock)}, which is what the lock of ${lock.engine} ${lock.version} holds`,
  });
}
