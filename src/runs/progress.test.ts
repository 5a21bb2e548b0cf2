// Events to what a screen shows: pure, so every case is a list of updates.
import { describe, expect, it } from "vitest";
import type { RunEvent } from "./events.js";
import { initialProgress, maxPoints, reduceProgress } from "./progress.js";
import type { RunUpdate } from "./update.js";

type Loose = { kind: RunEvent["kind"]; t?: number; attempt?: number } & Record<string, unknown>;

const event = (fields: Loose): RunUpdate => ({
  type: "event",
  event: { v: 1, attempt: 1, seq: 1, t: 0, ...fields } as RunEvent,
});
const phase = (name: string, attempt = 1) => event({ kind: "phase", phase: name, attempt });
const loss = (step: number, value: number | null, t = step * 1000, attempt = 1) =>
  event({ kind: "metric", step, totalSteps: 100, t, attempt, values: { loss: value } });

const reduced = (...updates: RunUpdate[]) => updates.reduce(reduceProgress, initialProgress({ id: "r", name: "n" }));

describe("reduceProgress", () => {
  it("follows phases, each once, in order", () => {
    const { phase: now, passed } = reduced(phase("loading"), phase("training"), phase("training"), phase("saving"));
    expect([now, passed]).toEqual(["saving", ["loading", "training"]]);
  });

  it("tells the time left from the latest steps", () => {
    expect(reduced(loss(1, 3, 1000)).etaMs).toBeNull();
    expect(reduced(loss(1, 3, 1000), loss(2, 3, 3000), loss(3, 3, 5000)).etaMs).toBe(97 * 2000);
    const slowStart = [loss(1, 3, 0), ...Array.from({ length: 30 }, (_, n) => loss(n + 2, 3, 600_000 + n * 1000))];
    expect(reduced(...slowStart).etaMs).toBe(69 * 1000);
  });

  it("keeps the lowest loss, skips losses that are no number, takes the loss on held-out rows apart", () => {
    const heldOut = event({ kind: "metric", step: 3, values: { eval_loss: 1.5 } });
    const progress = reduced(loss(1, 3), loss(2, 1), loss(3, null), loss(4, 2), heldOut);
    expect(progress).toMatchObject({ lowestLoss: 1, evalLoss: 1.5 });
    expect(progress.losses.map(({ step }) => step)).toEqual([1, 2, 4]);
  });

  it("holds a bounded number of points, whatever the run's length, ending at the latest", () => {
    const progress = reduced(...Array.from({ length: 5000 }, (_, n) => loss(n + 1, 5000 - n)));
    expect(progress.losses.length).toBeLessThanOrEqual(maxPoints);
    expect(progress.losses.at(-1)).toMatchObject({ step: 5000 });
    expect(progress.losses[0]!.loss).toBeGreaterThan(progress.losses.at(-1)!.loss);
  });

  it("after a resume, steps since the checkpoint come again and replace the old ones; a failure is forgotten", () => {
    const error = event({ kind: "error", class: "killed", message: "gone" });
    const progress = reduced(loss(1, 9), loss(2, 8), loss(3, 7), error, phase("loading", 2), loss(2, 5, 0, 2));
    expect(progress.losses).toEqual([
      { step: 1, loss: 9 },
      { step: 2, loss: 5 },
    ]);
    expect(progress).toMatchObject({ attempt: 2, failure: null, step: 2 });
  });

  it("keeps the trainer's error with its hint, whether it comes before the state or after", () => {
    const error = event({ kind: "error", class: "data", message: "bad row", hint: "mend it" });
    const failed: RunUpdate = { type: "state", state: "failed", reason: "bad row" };
    const running: RunUpdate = { type: "state", state: "running" };
    for (const updates of [
      [running, error, failed],
      [error, running, failed],
      [running, failed, error],
    ])
      expect(reduced(...updates).failure).toEqual({ message: "bad row", hint: "mend it" });
    expect(reduced(failed).failure).toEqual({ message: "bad row", hint: null });
    expect(reduced(error, { type: "state", state: "cancelled" }).failure).toBeNull();
  });
});
