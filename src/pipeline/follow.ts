// Follows a run as a stream of updates: first what the store has, then what comes, until it ended. No event lost, none doubled.
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { logTail } from "../launchers/local/index.js";
import { runsDir } from "../paths.js";
import { eventsAfter } from "../runs/ingest.js";
import { getRun, stateChanges } from "../runs/run-store.js";
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

/** A target that takes longer than that to answer counts as silent, ms. */
const silentMs = 8_000;

/** Ends when the run is in a final state, or lost, or the signal fires. */
export async function* followRun(id: string, options: FollowOptions): AsyncGenerator<RunUpdate> {
  const { store, projectDir, now, signal, pollMs } = options;
  const dir = join(runsDir(projectDir), id);
  let last = { attempt: 0, seq: 0 };
  let state = "";
  let line = "";
  const { target, launcher } = getRun(store, id);
  const quietMs = launcher === "local" ? Number.POSITIVE_INFINITY : silentMs;
  let [heardAt, isSilent] = [now(), false];
  let known: string | undefined;
  while (!signal?.aborted) {
    let isUnheard = false;
    let why: string | undefined;
    const looking = reconcile(store, projectDir, id, now(), (_what, reason) => {
      [isUnheard, why] = [true, reason];
    });
    if (!isSilent && (await isLate(looking, heardAt + quietMs - now()))) {
      isSilent = true;
      yield { type: "silence", target, since: heardAt, at: now() };
    }
    const run = await looking;
    if (isUnheard && (!isSilent || why !== known)) {
      yield { type: "silence", target, since: heardAt, at: now(), ...(why && { why }) };
    } else if (!isUnheard && isSilent) {
      yield { type: "silence", target, since: null, at: now() };
    }
    if (!isUnheard) heardAt = now();
    [isSilent, known] = [isUnheard, why];
    for (const event of eventsAfter(store, id, last)) {
      last = { attempt: event.attempt, seq: event.seq };
      yield { type: "event", event };
    }
    const waiting = run.state === "queued" ? (stateChanges(store, id).at(-1)?.reason ?? null) : null;
    const tail = waiting ?? logTail(dir, 1);
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

/** Whether it is not done within so long. What it throws, whoever awaits it gets. */
async function isLate(work: Promise<unknown>, limitMs: number): Promise<boolean> {
  if (limitMs === Number.POSITIVE_INFINITY) return false;
  const late = new AbortController();
  const timer = sleep(Math.max(0, limitMs), true, { signal: late.signal }).catch(() => false);
  const inTime = work.then(
    () => false,
    () => false,
  );
  try {
    return await Promise.race([inTime, timer]);
  } finally {
    late.abort();
  }
}
