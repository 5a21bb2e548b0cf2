// Opens the store of the project here for a command that looks at evaluations.
import { existsSync } from "node:fs";
import { FtError } from "../../errors.js";
import { ftDir } from "../../paths.js";
import { openProject } from "../../pipeline/open-project.js";
import type { Store } from "../../store/open.js";
import type { Io } from "../io.js";

/** Throws FtError eval.no-project (usage) where nothing was trained yet. */
export async function withEvaluations<T>(io: Io, work: (store: Store) => Promise<T>): Promise<T> {
  if (!existsSync(ftDir(io.cwd))) {
    throw new FtError({
      code: "eval.no-project",
      exit: "usage",
      message: "nothing was trained or evaluated in this folder",
      where: { file: io.cwd },
      next: "go to the recipe's folder, or train first: ft run",
    });
  }
  const store = await openProject(io.cwd);
  try {
    return await work(store);
  } finally {
    store.close();
  }
}
