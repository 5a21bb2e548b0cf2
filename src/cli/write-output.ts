// Writes what a flag named a file for; where that cannot be, it says which flag and why.
import { writeFile } from "node:fs/promises";
import { resolve } from "node:path";
import { FtError } from "../errors.js";
import type { Io } from "./io.js";

/** @throws FtError usage.output */
export async function writeOutput(io: Io, flag: string, file: string, text: string): Promise<void> {
  await writeFile(resolve(io.cwd, file), text).catch((cause: Error) => {
    throw new FtError({
      code: "usage.output",
      exit: "usage",
      message: `${file} cannot be written`,
      why: cause.message,
      next: `name a file in a folder that exists and is yours after ${flag}`,
      cause,
    });
  });
}
