// Updates of a run for tests, as the trainer tells them: each event `seconds` after the one before.
import { eventSchema, type RunEvent } from "../src/runs/events.js";
import { initialProgress, type RunProgress, reduceProgress } from "../src/runs/progress.js";
import type { RunUpdate } from "../src/runs/update.js";

export const run = { id: "20261123-144342-19v7", name: "support-triage", target: "local" };

export interface Script {
  updates: RunUpdate[];
  /** Adds an event; parsed, so that a test cannot use what no trainer would write. */
  event(kind: RunEvent["kind"], fields: Record<string, unknown>, seconds?: number): Script;
  metric(step: number, totalSteps: number, values: Record<string, number | null>, seconds?: number): Script;
  update(update: RunUpdate): Script;
  attempt(attempt: number, seconds: number): Script;
}

/** Starts at noon UTC. */
export function script(): Script {
  let t = Date.UTC(2026, 10, 23, 12);
  let seq = 0;
  let attempt = 1;
  const self: Script = {
    updates: [],
    event(kind, fields, seconds = 0) {
      t += seconds * 1000;
      seq += 1;
      return self.update({ type: "event", event: eventSchema.parse({ v: 1, attempt, seq, t, kind, ...fields }) });
    },
    metric: (step, totalSteps, values, seconds = 1) => self.event("metric", { step, totalSteps, values }, seconds),
    update(update) {
      self.updates.push(update);
      return self;
    },
    attempt(next, seconds) {
      attempt = next;
      seq = 0;
      t += seconds * 1000;
      return self;
    },
  };
  return self;
}

/** A run up to its training: preparing, loading (10 s), tokenizing (2 s). */
export function upToTraining(): Script {
  return script()
    .update({ type: "state", state: "preparing" })
    .event("phase", { phase: "preparing" })
    .event("phase", { phase: "loading" })
    .update({ type: "state", state: "running" })
    .event("phase", { phase: "tokenizing" }, 10)
    .event("phase", { phase: "training", detail: "80 steps" }, 2);
}

/** `steps` of `total` steps of 4 s, with a falling loss, memory, and a checkpoint every 20 steps. */
export function train(lines: Script, steps: number, total = 80): Script {
  for (let step = 1; step <= steps; step++) {
    const loss = 0.25 + 3.2 * Math.exp(-step / 14) + 0.05 * Math.sin(step * 2.3);
    lines.metric(step, total, { loss, learning_rate: 1e-3 * (1 - step / total), tokens_per_second: 812.4 }, 4);
    if (step % 3 === 0) lines.event("system", { values: { rss_bytes: 2.9e9 } });
    if (step % 20 === 0) {
      lines.event("checkpoint", { path: `out/checkpoints/checkpoint-${step}`, step, sha256: "ab".repeat(32) });
    }
  }
  return lines;
}

export function progressOf({ updates }: Script): RunProgress {
  return updates.reduce(reduceProgress, initialProgress(run));
}
