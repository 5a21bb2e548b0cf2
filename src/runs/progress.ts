// A run as its watchers see it: a pure reduction of updates. Time comes in the events, never from a clock.
import type { Phase, RunEvent } from "./events.js";
import type { RunState } from "./state.js";
import type { RunUpdate } from "./update.js";

export interface RunProgress {
  id: string;
  name: string;
  state: RunState;
  phase: Phase | null;
  /** Phases that were gone through, in order. */
  passed: Phase[];
  attempt: number;
  step: number;
  totalSteps: number | null;
  /** Time left of the training, ms; null while unknown. */
  etaMs: number | null;
  /** Step and loss, at most `maxPoints` of them, oldest first. */
  losses: { step: number; loss: number }[];
  lowestLoss: number | null;
  /** Latest loss on the held-out rows, computed by the engine while it trains. */
  evalLoss: number | null;
  learningRate: number | null;
  tokensPerSecond: number | null;
  /** Resident memory of the trainer, bytes. */
  rssBytes: number | null;
  gpuBytes: number | null;
  /** Rows evaluated of all, base and adapter together. */
  evaluated: { done: number; total: number | null } | null;
  checkpoint: { path: string; step: number } | null;
  warnings: string[];
  failure: { message: string; hint: string | null } | null;
  lastLine: string;
  /** Time of the latest event, epoch ms. */
  at: number | null;
  /** Steps lately, for the rate. */
  recent: { step: number; t: number }[];
}

export const maxPoints = 500;
const recentSteps = 20;

export function initialProgress({ id, name }: { id: string; name: string }): RunProgress {
  return {
    id,
    name,
    state: "queued",
    phase: null,
    passed: [],
    attempt: 1,
    step: 0,
    totalSteps: null,
    etaMs: null,
    losses: [],
    lowestLoss: null,
    evalLoss: null,
    learningRate: null,
    tokensPerSecond: null,
    rssBytes: null,
    gpuBytes: null,
    evaluated: null,
    checkpoint: null,
    warnings: [],
    failure: null,
    lastLine: "",
    at: null,
    recent: [],
  };
}

export function reduceProgress(progress: RunProgress, update: RunUpdate): RunProgress {
  if (update.type === "log") return { ...progress, lastLine: update.line };
  if (update.type === "state") {
    return { ...progress, state: update.state, failure: failureIn(progress, update) };
  }
  const { event } = update;
  const current = event.attempt > progress.attempt ? nextAttempt(progress, event.attempt) : progress;
  return { ...reduceEvent(current, event), at: event.t };
}

/** The trainer's own error event is kept: it has a hint, and may come before the state. */
function failureIn({ failure }: RunProgress, { state, reason }: Extract<RunUpdate, { type: "state" }>) {
  if (state === "succeeded" || state === "cancelled") return null;
  return failure ?? (state === "failed" && reason ? { message: reason, hint: null } : null);
}

function nextAttempt(progress: RunProgress, attempt: number): RunProgress {
  return { ...progress, attempt, phase: null, passed: [], recent: [], etaMs: null, failure: null, evaluated: null };
}

function reduceEvent(progress: RunProgress, event: RunEvent): RunProgress {
  switch (event.kind) {
    case "phase":
      return enterPhase(progress, event.phase);
    case "metric":
      return takeMetric(progress, event);
    case "progress":
      return { ...progress, evaluated: { done: event.done, total: event.total ?? null } };
    case "system": {
      const { rss_bytes: rss, gpu0_memory_bytes: gpu } = event.values;
      return { ...progress, rssBytes: rss ?? progress.rssBytes, gpuBytes: gpu ?? progress.gpuBytes };
    }
    case "checkpoint":
      return { ...progress, checkpoint: { path: event.path, step: event.step } };
    case "warning":
      return { ...progress, warnings: [...progress.warnings, event.message] };
    case "error":
      return { ...progress, failure: { message: event.message, hint: event.hint ?? null } };
    case "end":
      return { ...progress, step: event.step ?? progress.step };
    default:
      return progress;
  }
}

function enterPhase(progress: RunProgress, phase: Phase): RunProgress {
  if (progress.phase === phase) return progress;
  const passed = progress.phase ? [...new Set([...progress.passed, progress.phase])] : progress.passed;
  return { ...progress, phase, passed, recent: [], etaMs: null };
}

type MetricEvent = Extract<RunEvent, { kind: "metric" }>;

function takeMetric(progress: RunProgress, { step, totalSteps, values, t }: MetricEvent): RunProgress {
  const { loss, eval_loss: evalLoss, learning_rate: rate, tokens_per_second: speed } = values;
  const recent = [...progress.recent, { step, t }].slice(-recentSteps);
  const total = totalSteps ?? progress.totalSteps;
  const isLoss = typeof loss === "number";
  return {
    ...progress,
    step,
    totalSteps: total,
    recent,
    etaMs: timeLeft(recent, step, total),
    // After a resume the steps since the checkpoint come again.
    losses: isLoss ? thin([...progress.losses.filter((point) => point.step < step), { step, loss }]) : progress.losses,
    lowestLoss: isLoss ? Math.min(progress.lowestLoss ?? loss, loss) : progress.lowestLoss,
    evalLoss: evalLoss ?? progress.evalLoss,
    learningRate: rate ?? progress.learningRate,
    tokensPerSecond: speed ?? progress.tokensPerSecond,
  };
}

function timeLeft(recent: RunProgress["recent"], step: number, total: number | null): number | null {
  const [first] = recent;
  const last = recent.at(-1);
  if (!first || !last || total === null || last.step <= first.step) return null;
  return ((total - step) * (last.t - first.t)) / (last.step - first.step);
}

/** Halves the points by averaging neighbours when there are too many. */
function thin(points: RunProgress["losses"]): RunProgress["losses"] {
  if (points.length <= maxPoints) return points;
  const halved: RunProgress["losses"] = [];
  for (let i = 0; i < points.length; i += 2) {
    const [a, b = a] = points.slice(i, i + 2) as [(typeof points)[0], (typeof points)[0]?];
    halved.push({ step: b.step, loss: (a.loss + b.loss) / 2 });
  }
  return halved;
}
