// Shows a run while it goes on: Ink in a terminal, plain lines in a pipe or CI, JSON lines with --json. The run does not depend on it.
import type { RunUpdate } from "../runs/update.js";
import type { Io } from "./io.js";

export interface WatchedRun {
  id: string;
  name: string;
}

/** `detached`: the person left, the run goes on. `stopped`: the person asked the run to stop, and it ended. */
export type WatchEnd = "ended" | "detached" | "stopped";

export async function watchRun(
  io: Io,
  run: WatchedRun,
  updates: AsyncIterable<RunUpdate>,
  actions: { stop(): Promise<void> },
  { json = false }: { json?: boolean } = {},
): Promise<WatchEnd> {
  if (!json && io.err.isTTY && io.stdin.isTTY && !io.env.CI) {
    const { watchInk } = await import("./views/watch-ink.js");
    return watchInk(run, updates, actions);
  }
  const { plainLines } = await import("./views/plain-run.js");
  const lines = plainLines(run);
  return untilInterrupted(updates, (update) => {
    if (json) io.out.write(`${JSON.stringify(update)}\n`);
    else for (const line of lines(update)) io.err.write(`${line}\n`);
  });
}

/** The first Ctrl-C ends the watching, not the run. */
async function untilInterrupted(
  updates: AsyncIterable<RunUpdate>,
  show: (update: RunUpdate) => void,
): Promise<WatchEnd> {
  let interrupt = (): void => {};
  const interrupted = new Promise<"interrupted">((resolve) => {
    interrupt = () => resolve("interrupted");
  });
  process.once("SIGINT", interrupt);
  const iterator = updates[Symbol.asyncIterator]();
  try {
    for (;;) {
      const next = await Promise.race([iterator.next(), interrupted]);
      if (next === "interrupted") return "detached";
      if (next.done) return "ended";
      show(next.value);
    }
  } finally {
    process.off("SIGINT", interrupt);
  }
}
