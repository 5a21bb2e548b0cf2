// Shows a run while it goes on: Ink in a terminal, plain lines in a pipe or CI, JSON lines with --json. The run does not depend on it.
import type { RunUpdate } from "../runs/update.js";
import { consumeUpdates } from "./consume-updates.js";
import { type Io, isInteractive } from "./io.js";

export interface WatchedRun {
  id: string;
  name: string;
  /** Where it runs, as the person calls it. */
  target: string;
}

/** `detached`: the person left; `interrupted`: a signal made ft leave; the run goes on in both. `stopped`: the person asked the run to stop, and it ended. */
export type WatchEnd = "ended" | "detached" | "interrupted" | "stopped";

export interface WatchActions {
  /** Asks the run to save a checkpoint and end. */
  stop(): Promise<void>;
  /** The person left: a source of updates that only waits can close at once. */
  leave?(): void;
}

export interface WatchOptions {
  /** Every update as one line of JSON on stdout, nothing on stderr. */
  json?: boolean;
  /** Calls the listener when ft is told to end, by Ctrl-C too where no terminal asks; returns how to stop listening. */
  onInterrupt?: (listener: () => void) => () => void;
}

/**
 * Ends when `updates` does, or when the person leaves.
 * After `detached` and `interrupted` the caller says how to come back. Throws what `updates` throws.
 */
export async function watchRun(
  io: Io,
  run: WatchedRun,
  updates: AsyncIterable<RunUpdate>,
  actions: WatchActions,
  { json = false, onInterrupt = onSignal }: WatchOptions = {},
): Promise<WatchEnd> {
  if (!json && isInteractive(io)) {
    const { watchInk } = await import("./views/watch-ink.js");
    return watchInk({ stdin: io.stdin, screen: process.stderr }, run, updates, actions, onInterrupt);
  }
  let off = (): void => {};
  const leaving = new Promise<void>((resolve) => {
    off = onInterrupt(resolve);
  });
  void leaving.then(actions.leave);
  try {
    const end = await consumeUpdates(updates, json ? jsonLines(io) : await peopleLines(io, run), leaving);
    return end === "left" ? "interrupted" : "ended";
  } finally {
    off();
  }
}

function jsonLines(io: Io): (update: RunUpdate) => void {
  return (update) => io.out.write(`${JSON.stringify(update)}\n`);
}

async function peopleLines(io: Io, run: WatchedRun): Promise<(update: RunUpdate) => void> {
  const { plainLines } = await import("./views/plain-run.js");
  const linesOf = plainLines(run);
  return (update) => {
    for (const line of linesOf(update)) io.err.write(`${line}\n`);
  };
}

/** A second one, while a busy source closes, ends the program as usual. */
function onSignal(listener: () => void): () => void {
  const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
  const heard = () => {
    listener();
    setImmediate(off); // not before Ink has seen that someone listens: else it ends the process
  };
  const off = () => {
    for (const signal of signals) process.off(signal, heard);
  };
  for (const signal of signals) process.on(signal, heard);
  return off;
}
