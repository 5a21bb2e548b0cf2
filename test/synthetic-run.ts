// A made-up run as updates, for tests of what a person sees: times are made up too, nothing waits.
import type { RunEvent } from "../src/runs/events.js";
import type { RunState } from "../src/runs/state.js";
import type { RunUpdate } from "../src/runs/update.js";

type Loose = { kind: RunEvent["kind"] } & Record<string, unknown>;

export const syntheticRun = { id: "20261123-134501-k3f9", name: "support-triage" };
const startedAt = Date.UTC(2026, 10, 23, 13, 45, 1);

/** Up to and with `until`; training takes `steps` steps of a second. */
export function syntheticUpdates(until: "training" | "evaluating" | "succeeded" | "failed", steps = 60): RunUpdate[] {
  let seq = 0;
  let t = startedAt;
  const event = (fields: Loose): RunUpdate => {
    seq += 1;
    return { type: "event", event: { v: 1, attempt: 1, seq, t, ...fields } as unknown as RunEvent };
  };
  const state = (name: RunState, reason?: string): RunUpdate => ({
    type: "state",
    state: name,
    ...(reason ? { reason } : {}),
  });
  const trained = until === "training" || until === "failed" ? Math.round(steps * 0.6) : steps;
  const updates = [
    event({ kind: "phase", phase: "preparing" }),
    event({ kind: "phase", phase: "loading" }),
    state("running"),
    event({ kind: "phase", phase: "tokenizing" }),
    event({ kind: "phase", phase: "training" }),
    { type: "log", line: "\u001b[1mTokenizing\u001b[0m train dataset:\t100%" } as const,
    event({ kind: "warning", message: "3 rows are longer than 1024 tokens and are cut" }),
  ];
  for (let step = 1; step <= trained; step++) {
    t += 1000;
    const values = { loss: 0.4 + 2.6 * Math.exp((-4 * step) / steps), learning_rate: 2e-4, tokens_per_second: 1234.5 };
    updates.push(event({ kind: "metric", step, totalSteps: steps, values }));
    if (step % 20 === 0) updates.push(event({ kind: "checkpoint", path: "x", step, sha256: "00" }));
    if (step % 10 === 0) updates.push(event({ kind: "system", values: { rss_bytes: 3.4 * 2 ** 30 } }));
  }
  if (until === "failed") {
    const hint = "lower train.micro_batch or data.max_length";
    updates.push(event({ kind: "error", class: "out-of-memory", message: "the GPU ran out of memory", hint }));
    updates.push(event({ kind: "end", status: "failed", exitCode: 40, step: trained }));
    updates.push(state("failed", "the GPU ran out of memory"));
  }
  if (until === "evaluating" || until === "succeeded") {
    updates.push(event({ kind: "phase", phase: "saving" }), event({ kind: "phase", phase: "evaluating" }));
    for (let done = 10; done <= (until === "succeeded" ? 80 : 30); done += 10) {
      t += 1000;
      updates.push(event({ kind: "progress", done, total: 80, unit: "rows" }));
    }
  }
  if (until === "succeeded") {
    updates.push(event({ kind: "end", status: "succeeded", exitCode: 0, step: steps }), state("succeeded"));
  }
  return updates;
}
