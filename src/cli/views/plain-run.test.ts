import { expect, test } from "vitest";
import { run, type Script, train, upToTraining } from "../../../test/run-updates.js";
import { plainLines } from "./plain-run.js";

/** Times are local: the tests look at what follows them. */
function texts({ updates }: Script): string[] {
  const lines = updates.flatMap(plainLines(run));
  for (const line of lines) expect(line).toMatch(/^\d\d:\d\d:\d\d \S/);
  return lines.map((line) => line.slice(9));
}

test("a whole run: phases, steps, checkpoints, evaluation and how it ended", () => {
  const lines = train(upToTraining(), 20, 20)
    .event("phase", { phase: "saving" }, 1)
    .event("phase", { phase: "evaluating", detail: "base" }, 2)
    .event("progress", { done: 20, total: 80, unit: "rows" }, 6)
    .event("progress", { done: 40, total: 80, unit: "rows" }, 6)
    .event("phase", { phase: "evaluating", detail: "adapter" })
    .event("progress", { done: 80, total: 80, unit: "rows" }, 6)
    .update({ type: "state", state: "succeeded" });
  const told = texts(lines);
  expect(told.slice(0, 5)).toEqual([
    "preparing",
    "loading",
    "tokenizing",
    "training 80 steps",
    "training step 1/20 (5%) loss 3.267 lr 9.5e-4 812 tok/s",
  ]);
  expect(told).toContain("training step 10/20 (50%) loss 1.774 lr 5.0e-4 812 tok/s eta 40s");
  expect(told.slice(-8)).toEqual([
    "checkpoint step 20 out/checkpoints/checkpoint-20",
    "saving",
    "evaluating base",
    "evaluating base 20/80 rows (25%)",
    "evaluating base 40/80 rows (50%) eta 12s",
    "evaluating adapter",
    "evaluating adapter 80/80 rows (100%)",
    "succeeded",
  ]);
});

test("fast steps are told every tenth, slow ones at most every 5 s, long runs at most every minute", () => {
  const steps = (count: number, seconds: number): number => {
    const lines = upToTraining();
    for (let step = 1; step <= count; step++) lines.metric(step, count, { loss: 1 }, seconds);
    return texts(lines).filter((text) => text.startsWith("training step")).length;
  };
  expect(steps(100, 0.01)).toBe(11);
  expect(steps(100, 2)).toBeLessThanOrEqual(46);
  expect(steps(20_000, 2)).toBeLessThanOrEqual(20_000 / 30 + 400);
});

test("numbers of a step that was told already print nothing", () => {
  const lines = upToTraining().metric(1, 1, { loss: 1 });
  expect(texts(lines.metric(1, 1, { train_runtime: 20 }, 60)).filter((text) => text.includes("step 1/1"))).toHaveLength(
    1,
  );
});

test("warnings once, errors with their hint, a reason only when no error said it", () => {
  const warning = { message: "rows were\ncut" };
  const lines = upToTraining()
    .event("warning", warning)
    .event("warning", warning)
    .event("error", { class: "disk-full", message: "OSError: \u001b[31mNo space", hint: "free some space" })
    .update({ type: "state", state: "failed", reason: "exit 21" });
  expect(texts(lines).slice(-4)).toEqual([
    "warning rows were cut",
    "error OSError: No space",
    "hint free some space",
    "failed",
  ]);
  expect(texts(upToTraining().update({ type: "state", state: "failed", reason: "killed" })).at(-1)).toBe(
    "failed killed",
  );
});

test("log lines stay in the log", () => {
  expect(texts(upToTraining().update({ type: "log", line: "noise" }))).not.toContain("noise");
});
