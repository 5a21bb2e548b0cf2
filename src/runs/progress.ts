// A run as its watchers see it: a pure reduction of updates. Time comes in the events, never from a clock.
import { stripVTControlCharacters } from "node:util";
import type { FailureClass, Phase, RunEvent } from "./events.js";
import { addLoss, type LossHistory, noLosses } from "./loss-history.js";
import { isFinal, type RunState } from "./state.js";
import type { RunUpdate } from "./update.js";

export interface RunProgress {
  id: string;
  name: string;
  /** Where it runs, as the person calls it. */
  target: string;
  state: RunState;
  phase: Phase | null;
  /** What the phase says about itself: "20 steps", "base", "adapter". */
  detail: string | null;
  /** Phases that were gone through, in this attempt or one before. */
  passed: readonly Phase[];
  attempt: number;
  /** Last optimizer step done. */
  step: number;
  totalSteps: number | null;
  /** Rows evaluated, base and adapter together; null before the evaluation. */
  evaluated: { done: number; total: number | null } | null;
  /** Time left of the present phase as of `at`, ms; null while unknown. */
  etaMs: number | null;
  losses: LossHistory;
  learningRate: number | null;
  tokensPerSecond: number | null;
  /** Resident memory of the trainer, bytes. */
  rssBytes: number | null;
  /** Memory used on all GPUs together, bytes. */
  gpuBytes: number | null;
  checkpoint: { path: string; step: number } | null;
  /** Each message once, with how often it came; the latest `maxWarnings`. */
  warnings: readonly { message: string; times: number }[];
  failure: { class: FailureClass | null; message: string; hint: string | null } | null;
  /** Its target does not answer, since then (epoch ms of this machine), and why; null: it does. */
  silence: { since: number; why: string | null } | null;
  /** Last line of the log, without control characters. */
  lastLine: string;
  /** Time of the first and the latest event, epoch ms. */
  startedAt: number | null;
  at: number | null;
  /** How far the present phase was at which time; the last `maxMarks`, of this attempt. */
  marks: readonly { done: number; t: number }[];
}

const maxMarks = 20;
const maxWarnings = 20;

export function initialProgress({ id, name, target }: Pick<RunProgress, "id" | "name" | "target">): RunProgress {
  return {
    ...{ id, name, target, state: "queued", phase: null, detail: null, passed: [], attempt: 1 },
    ...{ step: 0, totalSteps: null, evaluated: null, etaMs: null, losses: noLosses },
    ...{ learningRate: null, tokensPerSecond: null, rssBytes: null, gpuBytes: null },
    ...{
      checkpoint: null,
      warnings: [],
      failure: null,
      silence: null,
      lastLine: "",
      startedAt: null,
      at: null,
      marks: [],
    },
  };
}

export function reduceProgress(progress: RunProgress, update: RunUpdate): RunProgress {
  switch (update.type) {
    case "log":
      return { ...progress, lastLine: lastVisible(update.line) };
    case "silence": {
      const { since, why = null } = update;
      return { ...progress, silence: since === null ? null : { since, why } };
    }
    case "state":
      return changeState(progress, update.state, update.reason);
    case "event": {
      const { event } = update;
      const current = event.attempt > progress.attempt ? nextAttempt(progress, event.attempt) : progress;
      const next = reduceEvent(current, event);
      return { ...next, etaMs: timeLeft(next, event), startedAt: progress.startedAt ?? event.t, at: event.t };
    }
  }
}

/** Share of the present work that is done, 0..100: rows while evaluating, else steps. Null while unknown. */
export function percentDone({ phase, step, totalSteps, evaluated }: RunProgress): number | null {
  const [done, total] = phase === "evaluating" && evaluated ? [evaluated.done, evaluated.total] : [step, totalSteps];
  return total ? Math.min(100, (100 * done) / total) : null;
}

function changeState(progress: RunProgress, state: RunState, reason: string | undefined): RunProgress {
  const told = reason ? { class: null, message: reason, hint: null } : null;
  const isOver = isFinal(state) || state === "lost";
  const isWhy = state === "cancelled" && progress.failure?.class === "budget";
  const failure = state === "failed" || state === "lost" || isWhy ? (progress.failure ?? told) : null;
  // A run that goes on keeps the error that its trainer has just told; the state follows it.
  return { ...progress, state, failure: isOver ? failure : progress.failure, etaMs: isOver ? null : progress.etaMs };
}

/** What belongs to one attempt is forgotten, so the pause between two never counts as training time. */
function nextAttempt(progress: RunProgress, attempt: number): RunProgress {
  return { ...progress, attempt, phase: null, detail: null, marks: [], failure: null, evaluated: null };
}

function reduceEvent(progress: RunProgress, event: RunEvent): RunProgress {
  switch (event.kind) {
    case "phase":
      return { ...enterPhase(progress, event.phase), detail: event.detail ?? null };
    case "metric":
      return takeMetric(progress, event);
    case "progress":
      // Other phases may count too (rows tokenized); only the evaluation has its own bar.
      if (progress.phase !== "evaluating") return progress;
      return {
        ...progress,
        evaluated: { done: event.done, total: event.total ?? null },
        marks: addMark(progress.marks, event.done, event.t),
      };
    case "system":
      return {
        ...progress,
        rssBytes: event.values.rss_bytes ?? progress.rssBytes,
        gpuBytes: gpuMemory(event.values) ?? progress.gpuBytes,
      };
    case "checkpoint":
      return { ...progress, checkpoint: { path: event.path, step: event.step } };
    case "warning":
      return { ...progress, warnings: addWarning(progress.warnings, event.message) };
    case "error":
      return { ...progress, failure: { class: event.class, message: event.message, hint: event.hint ?? null } };
    case "end":
      return { ...progress, step: event.step ?? progress.step, marks: [] };
    case "stopping": // the state says so
    case "sample":
      return progress;
  }
}

function enterPhase(progress: RunProgress, phase: Phase): RunProgress {
  if (progress.phase === phase) return progress;
  const passed = progress.phase ? [...new Set([...progress.passed, progress.phase])] : progress.passed;
  return { ...progress, phase, passed, marks: [] };
}

type EventOf<Kind extends RunEvent["kind"]> = Extract<RunEvent, { kind: Kind }>;

function takeMetric(progress: RunProgress, { step, totalSteps, values, t }: EventOf<"metric">): RunProgress {
  const { loss, learning_rate: learningRate, tokens_per_second: tokensPerSecond } = values;
  return {
    ...progress,
    step,
    totalSteps: totalSteps ?? progress.totalSteps,
    marks: addMark(progress.marks, step, t),
    losses: loss === undefined ? progress.losses : addLoss(progress.losses, step, loss),
    learningRate: learningRate ?? progress.learningRate,
    tokensPerSecond: tokensPerSecond ?? progress.tokensPerSecond,
  };
}

/** A step may be told more than once (its loss, then the evaluation's, then totals): only the first tells the pace. */
function addMark(marks: RunProgress["marks"], done: number, t: number): RunProgress["marks"] {
  const latest = marks.at(-1);
  return latest && done <= latest.done ? marks : [...marks, { done, t }].slice(-maxMarks);
}

/** From the pace of the recent marks, less the time since the last one. */
function timeLeft(progress: RunProgress, event: RunEvent): number | null {
  const { marks, phase, totalSteps, evaluated } = progress;
  const total = phase === "evaluating" ? (evaluated?.total ?? null) : totalSteps;
  const [first] = marks;
  const last = marks.at(-1);
  if (!first || !last || total === null) return null;
  const told = event.kind === "metric" ? event.values.seconds_per_step : null;
  const pace = last.done > first.done ? (last.t - first.t) / (last.done - first.done) : told ? told * 1000 : null;
  return pace === null ? progress.etaMs : Math.max(0, (total - last.done) * pace - (event.t - last.t));
}

function gpuMemory(values: Record<string, number | null>): number | null {
  const used = Object.entries(values).filter(([name, value]) => /^gpu\d+_memory_bytes$/.test(name) && value !== null);
  return used.length > 0 ? used.reduce((sum, [, value]) => sum + value!, 0) : null;
}

function addWarning(warnings: RunProgress["warnings"], message: string): RunProgress["warnings"] {
  const times = (warnings.find((warning) => warning.message === message)?.times ?? 0) + 1;
  return [...warnings.filter((warning) => warning.message !== message), { message, times }].slice(-maxWarnings);
}

/** Programs redraw a line with carriage returns: the last part with something in it is what a terminal would show. */
function lastVisible(line: string): string {
  const parts = line.split("\r").map((part) =>
    stripVTControlCharacters(part)
      .replace(/\p{Cc}+/gu, " ")
      .trim(),
  );
  return parts.findLast((part) => part !== "") ?? "";
}
