// Folders that ft writes into: made when missing, and a plain error when they can't be.
import { access, constants, mkdir } from "node:fs/promises";
import { FtError } from "./errors.js";

/** Throws FtError env.unwritable naming the folder, when it can't be made or written to. */
export async function ensureDir(dir: string): Promise<void> {
  try {
    await mkdir(dir, { recursive: true });
    await access(dir, constants.W_OK);
  } catch (error) {
    throw new FtError({
      code: "env.unwritable",
      exit: "environment",
      message: `can't write to ${dir} (${(error as NodeJS.ErrnoException).code})`,
      next: "mend its permissions, or choose another place: FT_CACHE for ft's cache, HF_HOME for models of the Hub",
      cause: error,
    });
  }
}
