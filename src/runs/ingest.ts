// Takes bytes of events.jsonl into the store. Idempotent by (run, attempt, seq); rows and byte offset in one transaction, so it may crash anywhere.
import type { Store } from "../store/open.js";
import { eventSchema, type RunEvent } from "./events.js";
import { askedToStop, beginAttempt, getRun, type Run, setFailure, setHandle, transition } from "./run-store.js";
import { canMove, type RunState } from "./state.js";

/** A look at a run's events file: bytes from `offset` on. */
export interface EventBytes {
  inode: number;
  offset: number;
  bytes: Uint8Array;
}

/**
 * Takes in the whole lines of `bytes`; a torn last line waits for the next look. Lines that are no event (a line torn by a crash and
 * completed later, a kind of a newer trainer) are skipped. Bytes that do not continue what is stored are ignored.
 * Returns how many bytes were taken in.
 */
export function ingest(store: Store, id: string, { inode, offset, bytes }: EventBytes): number {
  const whole = bytes.lastIndexOf(newline) + 1;
  return store
    .transaction(() => {
      const { ingested } = getRun(store, id);
      const expected = ingested.inode === inode ? ingested.offset : 0;
      if (offset !== expected || whole === 0) return 0;
      const text = new TextDecoder().decode(bytes.subarray(0, whole));
      for (const line of text.split("\n")) take(store, id, line);
      store.prepare("UPDATE runs SET events_inode = ?, events_offset = ? WHERE id = ?").run(inode, offset + whole, id);
      return whole;
    })
    .immediate();
}

const newline = 0x0a;

/** Why a run is `queued` that its platform stopped, and may start again. */
export const preempted = "preempted; waits for a machine";

function take(store: Store, id: string, line: string): void {
  const event = parseEvent(line);
  if (!event) return;
  const { changes } = store
    .prepare("INSERT OR IGNORE INTO events (run, attempt, seq, t, kind, json) VALUES (?, ?, ?, ?, ?, ?)")
    .run(id, event.attempt, event.seq, event.t, event.kind, line);
  if (changes > 0) apply(store, id, event);
}

/** Null: not an event that this version knows. */
export function parseEvent(line: string): RunEvent | null {
  if (line === "") return null;
  try {
    return eventSchema.safeParse(JSON.parse(line)).data ?? null;
  } catch {
    return null;
  }
}

/** What an event says about its run. Events of an attempt that is no longer the present one change nothing. */
function apply(store: Store, id: string, event: RunEvent): void {
  const run = getRun(store, id);
  const at = Math.round(event.t);
  if (event.attempt < run.attempt) return;
  if (event.attempt > run.attempt && !startNext(store, run, event.attempt, at)) return;
  const move = (to: RunState, reason: string | null = null) => {
    const { state } = getRun(store, id);
    if (state === "queued" && to !== "queued" && to !== "preparing") transition(store, id, "preparing", at);
    if (canMove(getRun(store, id).state, to)) transition(store, id, to, at, reason);
  };
  if (event.kind === "phase") {
    store.prepare("UPDATE runs SET phase = ? WHERE id = ?").run(event.phase, id);
    move(event.phase === "preparing" ? "preparing" : "running");
  } else if (event.kind === "metric") {
    const { step, totalSteps = null, values } = event;
    store
      .prepare(
        "UPDATE runs SET step = ?, total_steps = coalesce(?, total_steps), loss = coalesce(?, loss) WHERE id = ?",
      )
      .run(step, totalSteps, values.loss ?? null, id);
    move("running"); // its platform had suspended it, or it was lost, and it goes on
  } else if (event.kind === "stopping") {
    move("stopping", event.reason ?? askedToStop);
  } else if (event.kind === "error") {
    setFailure(store, id, { class: event.class, message: event.message, hint: event.hint ?? null });
  } else if (event.kind === "end") {
    store
      .prepare("UPDATE runs SET exit_code = ?, step = coalesce(?, step) WHERE id = ?")
      .run(...([event.exitCode, event.step ?? null, id] as const));
    if (event.status === "preempted") move("queued", preempted);
    else move(event.status, `the trainer ended with exit code ${event.exitCode}`);
  }
}

/** A newer attempt's first event. The one before it is gone for certain, even if nobody saw it end. False: the run succeeded, this changes nothing. */
function startNext(store: Store, run: Run, attempt: number, at: number): boolean {
  const { id, state, handle } = run;
  if (state === "succeeded") return false;
  if (!canMove(state, "preparing")) transition(store, id, "failed", at, `gone before attempt ${attempt}`);
  beginAttempt(store, id, attempt, at);
  if (state === "queued") setHandle(store, run, handle); // preempted: its platform has started it again under the same name
  return true;
}

/** The run's events after (attempt, seq), in order. */
export function eventsAfter(store: Store, id: string, after: { attempt: number; seq: number }): RunEvent[] {
  const rows = store
    .prepare("SELECT json FROM events WHERE run = ? AND (attempt, seq) > (?, ?) ORDER BY attempt, seq")
    .all(id, after.attempt, after.seq) as { json: string }[];
  return rows.map(({ json }) => parseEvent(json)).filter((event) => event !== null);
}

/** What a run that prepares says that it does: "waiting for 1 GPU: 0 is held by run ..."; null: nothing, or it is further. */
export function preparingDetail(store: Store, { id, state }: Pick<Run, "id" | "state">): string | null {
  if (state !== "preparing") return null;
  const latest = "SELECT json FROM events WHERE run = ? AND kind = 'phase' ORDER BY attempt DESC, seq DESC LIMIT 1";
  const row = store.prepare(latest).get(id) as { json: string } | undefined;
  const event = row && parseEvent(row.json);
  return event?.kind === "phase" && event.phase === "preparing" ? (event.detail ?? null) : null;
}
