// What a training took, read from its events.
import { expect, it } from "vitest";
import type { RunEvent } from "./events.js";
import { measureTraining } from "./measure.js";

let seq = 0;
const event = (attempt: number, t: number, rest: object): RunEvent =>
  ({ v: 1, attempt, seq: ++seq, t, ...rest }) as RunEvent;
const step = (attempt: number, t: number, speed: number) =>
  event(attempt, t, { kind: "metric", step: 1, values: { loss: 1, tokens_per_second: speed } });

it("takes the largest peak, the median speed without each first interval, and the time in training, over all attempts", () => {
  const measure = measureTraining([
    event(1, 0, { kind: "phase", phase: "training" }),
    step(1, 100, 5),
    step(1, 200, 100),
    event(1, 300, { kind: "error", class: "killed", message: "" }),
    event(2, 900, { kind: "phase", phase: "loading" }),
    event(2, 1000, { kind: "phase", phase: "training" }),
    step(2, 1100, 7),
    step(2, 1200, 110),
    step(2, 1300, 120),
    event(2, 1400, {
      kind: "system",
      values: {
        training_peak_rss_bytes: 4e9,
        gpu_peak_allocated_bytes: 3e9,
        gpu_peak_reserved_bytes: 5e9,
        longest_row_tokens: 99,
        epochs: 1.5,
      },
    }),
    event(2, 1500, { kind: "phase", phase: "saving" }),
    event(2, 9000, { kind: "system", values: { peak_rss_bytes: 9e9 } }),
  ]);
  expect(measure).toEqual({
    peaks: { rss: 4e9, allocated: 3e9, reserved: 5e9 },
    ...{ longestTokens: 99, epochs: 1.5, tokensPerSecond: 110, trainingMs: 800 },
  });
});

it("knows nothing of a run whose trainer told nothing", () => {
  expect(measureTraining([event(1, 0, { kind: "phase", phase: "loading" })])).toEqual({
    peaks: { rss: null, allocated: null, reserved: null },
    ...{ longestTokens: null, epochs: null, tokensPerSecond: null, trainingMs: null },
  });
});
