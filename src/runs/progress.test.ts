import { describe, expect, test } from "vitest";
import { progressOf, script, train, upToTraining } from "../../test/run-updates.js";
import { percentDone } from "./progress.js";

describe("training", () => {
  test("steps, percent, rates, memory and checkpoint are the latest told", () => {
    const progress = progressOf(train(upToTraining(), 20));
    expect(progress).toMatchObject({ state: "running", phase: "training", step: 20, totalSteps: 80 });
    expect(progress).toMatchObject({ tokensPerSecond: 812.4, rssBytes: 2.9e9, learningRate: 7.5e-4 });
    expect(progress.checkpoint).toEqual({ path: "out/checkpoints/checkpoint-20", step: 20 });
    expect(progress.passed).toEqual(["preparing", "loading", "tokenizing"]);
    expect(percentDone(progress)).toBe(25);
  });

  test("memory of several GPUs is added up, and a reading without GPUs keeps the last", () => {
    const lines = script().event("system", { values: { gpu0_memory_bytes: 4e9, gpu1_memory_bytes: 6e9 } });
    expect(progressOf(lines.event("system", { values: { rss_bytes: 1e9 } }))).toMatchObject({
      gpuBytes: 1e10,
      rssBytes: 1e9,
    });
  });
});

describe("time left", () => {
  test("follows the pace of the recent steps, not of the whole run", () => {
    const lines = upToTraining();
    for (let step = 1; step <= 30; step++) lines.metric(step, 100, { loss: 1 }, 60);
    for (let step = 31; step <= 50; step++) lines.metric(step, 100, { loss: 1 }, 2);
    expect(progressOf(lines).etaMs).toBe(50 * 2_000);
  });

  test("goes down with the heartbeats between two steps, never below zero", () => {
    const lines = upToTraining().metric(1, 4, { loss: 1 }, 20).metric(2, 4, { loss: 1 }, 20);
    expect(progressOf(lines.event("system", { values: {} }, 10)).etaMs).toBe(30_000);
    expect(progressOf(lines.event("system", { values: {} }, 100)).etaMs).toBe(0);
  });

  test("after one step it is known only if the trainer told how long the step took", () => {
    expect(progressOf(upToTraining().metric(1, 11, { loss: 1 })).etaMs).toBeNull();
    expect(progressOf(upToTraining().metric(1, 11, { loss: 1, seconds_per_step: 3 })).etaMs).toBe(30_000);
  });

  test("a pause between two attempts is not training time", () => {
    const lines = train(upToTraining(), 20).attempt(2, 86_400).event("phase", { phase: "training" });
    expect(progressOf(lines).etaMs).toBeNull();
    lines.metric(21, 80, { loss: 1 }, 4).metric(22, 80, { loss: 1 }, 4);
    expect(progressOf(lines)).toMatchObject({ attempt: 2, etaMs: 58 * 4_000 });
  });

  test("the totals at the end, told for the last step once more, do not change the pace", () => {
    const lines = upToTraining().metric(1, 3, { loss: 1 }, 10).metric(2, 3, { loss: 1 }, 10);
    expect(progressOf(lines.metric(2, 3, { train_runtime: 20 }, 0)).etaMs).toBe(10_000);
  });
});

test("while evaluating percent and time left are of the rows, over base and adapter together", () => {
  const lines = train(upToTraining(), 80)
    .event("phase", { phase: "saving" })
    .event("phase", { phase: "loading" })
    .event("phase", { phase: "evaluating", detail: "base" })
    .event("progress", { done: 20, total: 80, unit: "rows" }, 5)
    .event("progress", { done: 40, total: 80, unit: "rows" }, 5)
    .event("phase", { phase: "evaluating", detail: "adapter" });
  const progress = progressOf(lines);
  expect(progress).toMatchObject({ detail: "adapter", evaluated: { done: 40, total: 80 }, etaMs: 10_000 });
  expect(percentDone(progress)).toBe(50);
});

describe("trouble", () => {
  const outOfMemory = { class: "out-of-memory", message: "CUDA out of memory", hint: "lower train.micro_batch" };

  test("the trainer's own error and hint are kept over the state's reason", () => {
    const lines = upToTraining().event("error", outOfMemory);
    expect(progressOf(lines.update({ type: "state", state: "failed", reason: "exit 20" })).failure).toEqual(
      outOfMemory,
    );
  });

  test("without an error event the state's reason says why it failed or was lost", () => {
    for (const state of ["failed", "lost"] as const) {
      const { failure } = progressOf(upToTraining().update({ type: "state", state, reason: "killed by signal 9" }));
      expect(failure).toEqual({ class: null, message: "killed by signal 9", hint: null });
    }
  });

  test("a resumed run forgets why the attempt before failed, but not its phases, losses and checkpoint", () => {
    const lines = train(upToTraining(), 20).event("error", outOfMemory).attempt(2, 60);
    const progress = progressOf(lines.event("phase", { phase: "loading" }));
    expect(progress).toMatchObject({ failure: null, phase: "loading", step: 20, checkpoint: { step: 20 } });
    expect(progress.passed).toContain("tokenizing");
    expect(progress.losses.points).toHaveLength(20);
  });

  test("a warning that repeats is one warning", () => {
    const lines = script().event("warning", { message: "a" }).event("warning", { message: "b" });
    expect(progressOf(lines.event("warning", { message: "a" })).warnings).toEqual([
      { message: "b", times: 1 },
      { message: "a", times: 2 },
    ]);
  });
});

test("the last log line is what a terminal would show of it: after the last carriage return, without escapes", () => {
  const line = "  0%| | 0/4\r\u001b[32m 75%|███▌ |\t3/4\u001b[0m\r";
  expect(progressOf(script().update({ type: "log", line })).lastLine).toBe("75%|███▌ | 3/4");
});
