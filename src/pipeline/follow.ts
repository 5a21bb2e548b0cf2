// Follows a run as a stream of updates: first what the store has, then what comes, until it ended. No event lost, none doubled.
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { logTail } from "../launchers/local/index.js";
import { runsDir } from "../paths.js";
import { eventsAfter } from "../runs/ingest.js";
import { stateChanges } from "../runs/run-store.js";
import { isFinal } from "../runs/state.js";
import type { RunUpdate } from "../runs/update.js";
import type { Store } from "../store/open.js";
import { reconcile } from "./reconcile.js";

export interface FollowOptions {
  store: Store;
  projectDir: string;
  now(): number;
  signal?: AbortSignal;
  pollMs?: number;
}

/** Ends when the run is in a final state, or lost, or the signal fires. */
export async function* followRun(id: string, options: FollowOptions): AsyncGenerator<RunUpdate> {
  const { store, projectDir, now, signal, pollMs } = options;
  const dir = join(runsDir(projectDir), id);
  let last = { attempt: 0, seq: 0 };
  let state = "";
  let line = "";
  while (!signal?.aborted) {
    let silence: string | null = null;
    const run = await reconcile(store, projectDir, id, now(), (why) => {
      silence = why;
    });
    for (const event of eventsAfter(store, id, last)) {
      last = { attempt: event.attempt, seq: event.seq };
      yield { type: "event", event };
    }
    const waiting = run.state === "queued" ? (stateChanges(store, id).at(-1)?.reason ?? null) : null;
    const tail = silence ?? waiting ?? logTail(dir, 1);
    if (tail !== "" && tail !== line) {
      line = tail;
      yield { type: "log", line };
    }
    if (`${run.state} ${waiting}` !== state) {
      state = `${run.state} ${waiting}`;
      const why = { ...(run.failure && { reason: run.failure.message }), ...(waiting && { waiting }) };
      yield { type: "state", state: run.state, ...why };
    }
    if (isFinal(run.state) || run.state === "lost") return;
    await sleep(pollMs ?? (run.target === "local" ? 250 : 1_000), undefined, { signal }).catch(() => {});
  }
}
