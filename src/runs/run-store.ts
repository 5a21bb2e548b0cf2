// Runs in the store: create, look up, list, and the one function that changes a state.

import { z } from "zod";
import { FtError } from "../errors.js";
import { nearest } from "../nearest.js";
import type { Store } from "../store/open.js";
import { failureClasses } from "./events.js";
import type { Job } from "./job.js";
import { canMove, isFinal, isResumable, type RunState, runStates } from "./state.js";

const rowSchema = z.object({
  id: z.string(),
  name: z.string(),
  state: z.enum(runStates),
  engine: z.string(),
  engine_version: z.string(),
  launcher: z.string(),
  target: z.string(),
  base: z.string(),
  created_at: z.number(),
  started_at: z.number().nullable(),
  ended_at: z.number().nullable(),
  attempt: z.int(),
  handle: z.string().nullable(),
  phase: z.string().nullable(),
  step: z.int().nullable(),
  total_steps: z.int().nullable(),
  loss: z.number().nullable(),
  failure_class: z.enum(failureClasses).nullable(),
  failure_message: z.string().nullable(),
  failure_hint: z.string().nullable(),
  exit_code: z.int().nullable(),
  events_inode: z.int(),
  events_offset: z.int(),
  collected: z.int().nullable(),
  given_up: z.int().nullable(),
});

/** Times are epoch ms. */
export interface Run {
  id: string;
  name: string;
  state: RunState;
  engine: { name: string; version: string };
  launcher: string;
  /** Where it runs, as the person calls it. */
  target: string;
  base: string;
  createdAt: number;
  startedAt: number | null;
  endedAt: number | null;
  attempt: number;
  /** The launcher's own, as it was stored. */
  handle: unknown;
  phase: string | null;
  step: number | null;
  totalSteps: number | null;
  loss: number | null;
  failure: { class: string; message: string; hint: string | null } | null;
  exitCode: number | null;
  /** How far events.jsonl (of that inode) has been taken in, bytes. */
  ingested: { inode: number; offset: number };
  /** The attempt all of whose results were brought home, where it ran elsewhere. */
  collected: number | null;
  /** The attempt whose machine the person gave up: nothing more is asked of it. */
  givenUp: number | null;
}

export interface StateChange {
  from: RunState | null;
  to: RunState;
  at: number;
  reason: string | null;
}

/** Why a run is `stopping`. */
export const askedToStop = "asked to stop";
/** Why a run is `cancelled` of which no trainer was seen. */
export const stoppedBeforeItBegan = "stopped before it began";

/** How long trainers ran, over all attempts, ms; null: none has yet. */
export function timeTrained(changes: StateChange[], now: number): number | null {
  const spans = changes.flatMap(({ to, at }, index) =>
    to === "running" || to === "stopping" ? [(changes[index + 1]?.at ?? now) - at] : [],
  );
  return spans.length === 0 ? null : spans.reduce((sum, span) => sum + span, 0);
}

/** Inserts a run as `queued`. Nothing happens when it is there already. */
export function createRun(store: Store, job: Job): void {
  store
    .transaction(() => {
      const { changes } = store
        .prepare(
          `INSERT OR IGNORE INTO runs (id, name, state, engine, engine_version, launcher, target, base, created_at, attempt)
           VALUES (?, ?, 'queued', ?, ?, ?, ?, ?, ?, 1)`,
        )
        .run(
          ...[job.id, job.name, job.engine.name, job.engine.version],
          ...[job.target.settings.launcher, job.target.name, job.model.asked, job.createdAt],
        );
      if (changes > 0) recordChange(store, job.id, { from: null, to: "queued", at: job.createdAt, reason: null });
    })
    .immediate();
}

/** The only code that changes a state. Throws on a move that src/runs/state.ts does not know; to the present state is no move. */
export function transition(store: Store, id: string, to: RunState, at: number, reason: string | null = null): void {
  store
    .transaction(() => {
      const { state: from } = getRun(store, id);
      if (from === to) return;
      if (!canMove(from, to)) throw new Error(`run ${id} cannot go from ${from} to ${to}`);
      const ended = isFinal(to) ? at : null;
      store
        .prepare("UPDATE runs SET state = ?, ended_at = ?, started_at = coalesce(started_at, ?) WHERE id = ?")
        .run(to, ended, to === "running" ? at : null, id);
      recordChange(store, id, { from, to, at, reason });
    })
    .immediate();
}

/** Begins the next attempt of an ended run: its number, and a clean slate for failure and end. Returns the number. */
export function beginAttempt(store: Store, id: string, attempt: number, at: number): void {
  store
    .transaction(() => {
      transition(store, id, "preparing", at, `attempt ${attempt}`);
      store
        .prepare(
          `UPDATE runs SET attempt = ?, handle = NULL, failure_class = NULL, failure_message = NULL, failure_hint = NULL,
             exit_code = NULL, ended_at = NULL WHERE id = ?`,
        )
        .run(attempt, id);
    })
    .immediate();
}

/** A run that another ft has moved to another launcher meanwhile keeps what it has there: only its own launcher can read its handle. */
export function setHandle(store: Store, { id, launcher }: Pick<Run, "id" | "launcher">, handle: unknown): void {
  store.prepare("UPDATE runs SET handle = ? WHERE id = ? AND launcher = ?").run(JSON.stringify(handle), id, launcher);
}

/**
 * The next attempt of a run that is resumed, on `target`. False, and nothing is changed, when the run can't be resumed (any more): another ft
 * was quicker.
 */
export function resumeAttempt(store: Store, id: string, attempt: number, at: number, target: Job["target"]): boolean {
  return store
    .transaction(() => {
      if (!isResumable(getRun(store, id).state)) return false;
      beginAttempt(store, id, attempt, at);
      const { name, settings } = target;
      store.prepare("UPDATE runs SET launcher = ?, target = ? WHERE id = ?").run(settings.launcher, name, id);
      return true;
    })
    .immediate();
}

export function setFailure(store: Store, id: string, failure: NonNullable<Run["failure"]>): void {
  store
    .prepare("UPDATE runs SET failure_class = ?, failure_message = ?, failure_hint = ? WHERE id = ?")
    .run(failure.class, failure.message, failure.hint, id);
}

export function setCollected(store: Store, id: string, attempt: number): void {
  store.prepare("UPDATE runs SET collected = ? WHERE id = ?").run(attempt, id);
}

export function setGivenUp(store: Store, id: string, attempt: number): void {
  store.prepare("UPDATE runs SET given_up = ? WHERE id = ?").run(attempt, id);
}

/** Newest first. */
export function listRuns(store: Store, filter: { state?: RunState } = {}): Run[] {
  const rows = filter.state
    ? store.prepare("SELECT * FROM runs WHERE state = ? ORDER BY created_at DESC, id DESC").all(filter.state)
    : store.prepare("SELECT * FROM runs ORDER BY created_at DESC, id DESC").all();
  return rows.map(toRun);
}

/** By exact id. Throws when there is none: the caller has it from the store. */
export function getRun(store: Store, id: string): Run {
  const row = store.prepare("SELECT * FROM runs WHERE id = ?").get(id);
  if (!row) throw new Error(`no run ${id} in the store`);
  return toRun(row);
}

/** What a person means: an id, the beginning or the end of one, or `last`. Throws FtError `run.unknown` or `run.ambiguous` (usage). */
export function findRun(store: Store | null, asked: string): Run {
  const runs = store ? listRuns(store) : [];
  if (runs.length === 0) throw unknownRun("there are no runs here", "`ft run` starts one");
  const exact = asked === "last" ? runs[0] : runs.find(({ id }) => id === asked);
  if (exact) return exact;
  const matches = runs.filter(({ id }) => id.startsWith(asked) || id.endsWith(asked));
  if (matches.length === 1) return matches[0]!;
  if (matches.length > 1) throw ambiguousRun(asked, matches);
  const near = nearest(
    asked,
    runs.map(({ id }) => id),
  );
  throw unknownRun(`there is no run ${asked} here`, `${near ? `did you mean ${near}? ` : ""}\`ft runs ls\` lists them`);
}

/** Why it is in its present state, in newer words. */
export function noteReason(store: Store, id: string, reason: string): void {
  const last = "SELECT max(n) FROM state_changes WHERE run = ?";
  store.prepare(`UPDATE state_changes SET reason = ? WHERE run = ? AND n = (${last})`).run(reason, id, id);
}

export function stateChanges(store: Store, id: string): StateChange[] {
  return store
    .prepare(`SELECT from_state AS "from", to_state AS "to", at, reason FROM state_changes WHERE run = ? ORDER BY n`)
    .all(id) as StateChange[];
}

function recordChange(store: Store, id: string, { from, to, at, reason }: StateChange): void {
  store
    .prepare(
      `INSERT INTO state_changes (run, n, from_state, to_state, at, reason)
       SELECT ?, coalesce(max(n), 0) + 1, ?, ?, ?, ? FROM state_changes WHERE run = ?`,
    )
    .run(id, from, to, at, reason, id);
}

function toRun(stored: unknown): Run {
  const row = rowSchema.parse(stored);
  return {
    id: row.id,
    name: row.name,
    state: row.state,
    engine: { name: row.engine, version: row.engine_version },
    launcher: row.launcher,
    target: row.target,
    base: row.base,
    createdAt: row.created_at,
    startedAt: row.started_at,
    endedAt: row.ended_at,
    attempt: row.attempt,
    handle: row.handle === null ? null : JSON.parse(row.handle),
    phase: row.phase,
    step: row.step,
    totalSteps: row.total_steps,
    loss: row.loss,
    failure: row.failure_message
      ? { class: row.failure_class ?? "unknown", message: row.failure_message, hint: row.failure_hint }
      : null,
    exitCode: row.exit_code,
    ingested: { inode: row.events_inode, offset: row.events_offset },
    collected: row.collected,
    givenUp: row.given_up,
  };
}

function unknownRun(message: string, next: string): FtError {
  return new FtError({ code: "run.unknown", exit: "usage", message, next });
}

function ambiguousRun(asked: string, matches: Run[]): FtError {
  return new FtError({
    code: "run.ambiguous",
    exit: "usage",
    message: `${asked} may mean ${matches.length} runs: ${matches.map(({ id }) => id).join(", ")}`,
    next: "type more of the id",
  });
}
