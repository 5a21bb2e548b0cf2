// Opens the project's store brought up to date, for a command that looks at runs; closes it afterwards.
import { existsSync } from "node:fs";
import { ftDir } from "../../paths.js";
import { catchUp } from "../../pipeline/finish-run.js";
import { openProject } from "../../pipeline/open-project.js";
import { findRun, listRuns, type Run } from "../../runs/run-store.js";
import { isFinal } from "../../runs/state.js";
import type { Store } from "../../store/open.js";
import type { Io } from "../io.js";

/** `store` is null in a folder without .ft; none is made. */
export async function withRuns<T>(io: Io, work: (store: Store | null) => T | Promise<T>): Promise<T> {
  const store = existsSync(ftDir(io.cwd)) ? await openProject(io.cwd) : null;
  try {
    if (store) {
      const onCollect = ({ id, target }: Run) => io.err.write(`bringing home what ${id} made on ${target} ...\n`);
      const asked = askingAfter(io, listRuns(store));
      const problems = await catchUp(store, io.cwd, io.now(), onCollect).finally(() => clearTimeout(asked));
      for (const problem of problems) io.err.write(`note: ${problem}\n`);
    }
    return await work(store);
  } finally {
    store?.close();
  }
}

/** Whoever waits longer for a machine is told for which, ms. */
const quietMs = 2_000;

function askingAfter(io: Io, runs: Run[]): NodeJS.Timeout {
  return setTimeout(() => {
    const open = runs.filter(({ state, launcher }) => !isFinal(state) && launcher !== "local");
    const targets = [...new Set(open.map(({ target }) => target))];
    if (targets.length > 0) io.err.write(`asking ${targets.join(", ")} how the runs there stand ...\n`);
  }, quietMs);
}

/** With the run that the person means, as it was last seen: `work` looks at it itself, until it calls `onAnswer`. Throws FtError run.unknown, run.ambiguous (usage). */
export async function withRunAsSeen<T>(
  io: Io,
  asked: string,
  work: (store: Store, run: Run, onAnswer: () => void) => Promise<T>,
): Promise<T> {
  const store = existsSync(ftDir(io.cwd)) ? await openProject(io.cwd) : null;
  try {
    const run = findRun(store, asked);
    const waiting = askingAfter(io, [run]);
    const onAnswer = () => clearTimeout(waiting);
    return await work(store!, run, onAnswer).finally(onAnswer);
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
