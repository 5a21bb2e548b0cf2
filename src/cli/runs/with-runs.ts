// Opens the project's store brought up to date, for a command that looks at runs; closes it afterwards.
import { existsSync } from "node:fs";
import { ftDir } from "../../paths.js";
import { catchUp } from "../../pipeline/finish-run.js";
import { openProject } from "../../pipeline/open-project.js";
import { findRun, type Run } from "../../runs/run-store.js";
import type { Store } from "../../store/open.js";
import type { Io } from "../io.js";

/** `store` is null in a folder without .ft; none is made. */
export async function withRuns<T>(io: Io, work: (store: Store | null) => T | Promise<T>): Promise<T> {
  const store = existsSync(ftDir(io.cwd)) ? await openProject(io.cwd) : null;
  try {
    if (store) {
      const onCollect = ({ id, target }: Run) => io.err.write(`bringing home what ${id} made on ${target} ...\n`);
      for (const problem of await catchUp(store, io.cwd, io.now(), onCollect)) io.err.write(`note: ${problem}\n`);
    }
    return await work(store);
  } finally {
    store?.close();
  }
}

/** With the run that the person means. Throws FtError run.unknown, run.ambiguous (usage). */
export function withRun<T>(io: Io, asked: string, work: (store: Store, run: Run) => T | Promise<T>): Promise<T> {
  return withRuns(io, (store) => {
    const run = findRun(store, asked);
    return work(store!, run);
  });
}
