import { stripVTControlCharacters } from "node:util";
import { cleanup, render } from "ink-testing-library";
import { afterEach, describe, expect, test } from "vitest";
import { progressOf, type Script, train, upToTraining } from "../../../test/run-updates.js";
import { RunView } from "./run-view.js";

afterEach(cleanup);

const noon = { now: Date.UTC(2026, 10, 23, 12), sinceEventMs: 0 };

/** ink-testing-library's terminal is 100 columns wide. */
function frame(lines: Script, columns: number, rows: number, isLast = false, clock = noon): string {
  const view = (
    <RunView progress={progressOf(lines)} clock={clock} columns={columns} rows={rows} tick={0} isLast={isLast} />
  );
  return stripVTControlCharacters(render(view).lastFrame() ?? "");
}

const training = () =>
  train(upToTraining(), 36)
    .event("warning", { message: "3 of 400 rows are longer than data.max_length (1024 tokens) and were cut" })
    .update({ type: "log", line: ` 45%|████▌     | 36/80 [02:24<02:56,  4.00s/it] ${"and more ".repeat(20)}` });

const evaluating = () =>
  train(upToTraining(), 80)
    .event("phase", { phase: "saving" })
    .event("phase", { phase: "loading" }, 2)
    .event("phase", { phase: "evaluating", detail: "base" }, 10)
    .event("progress", { done: 20, total: 80, unit: "rows" }, 3)
    .event("progress", { done: 24, total: 80, unit: "rows" }, 3);

const failed = () =>
  train(upToTraining(), 36)
    .event("error", {
      class: "out-of-memory",
      message: `OutOfMemoryError: CUDA out of memory. Tried to allocate 1.20 GiB. ${"GPU 0 has little left. ".repeat(20)}`,
      hint: "lower train.micro_batch or data.max_length, turn on train.gradient_checkpointing, or use method qlora",
    })
    .update({ type: "state", state: "failed", reason: "exit 20" });

describe("at 80x24", () => {
  test.each([
    ["training", training],
    ["evaluating", evaluating],
    ["failed-with-hint", failed],
  ])("%s", async (name, lines) => {
    await expect(`${frame(lines(), 80, 24)}\n`).toMatchFileSnapshot(`expected/run-view-${name}.txt`);
  });
});

describe("fits every window, with three lines left for the question", () => {
  test.each([
    [20, 8],
    [40, 8],
    [80, 12],
    [80, 13],
    [60, 23],
    [80, 24],
    [99, 30],
    [99, 40],
  ])("%i columns, %i rows", (columns, rows) => {
    for (const lines of [
      training(),
      evaluating(),
      failed(),
      evaluating().event("error", { class: "data", message: "bad", hint: "fix" }),
    ]) {
      const shown = frame(lines, columns, rows).split("\n");
      expect(shown.length, shown.join("\n")).toBeLessThanOrEqual(rows - 3);
      expect(Math.max(...shown.map((line) => [...line].length))).toBeLessThan(columns);
    }
  });
});

test("what matters most survives in the smallest window", () => {
  expect(frame(training(), 60, 8)).toMatch(/support-triage +running[\s\S]*45% +step 36\/80 +2m56s left/);
  expect(frame(failed(), 60, 8)).toContain("✗ OutOfMemoryError: CUDA out of memory");
});

test("the trainer loading the model again to evaluate it is part of evaluating", () => {
  const lines = train(upToTraining(), 80).event("phase", { phase: "saving" }).event("phase", { phase: "loading" });
  expect(frame(lines, 80, 24)).toMatch(/✓ loading .*✓ saving {2}⠋ evaluating/);
});

test("the last frame of a run without evaluation claims none, and has no log line", () => {
  const lines = training().event("phase", { phase: "saving" }).update({ type: "state", state: "succeeded" });
  const shown = frame(lines, 80, 24, true);
  expect(shown).toMatch(/✓ saving {2}· evaluating/);
  expect(shown).not.toContain("s/it");
});

test("time goes on between two events: elapsed counts up, what is left down; a run that is over stands still", () => {
  const later = { now: noon.now, sinceEventMs: 7_000 };
  expect(frame(training(), 80, 24)).toMatch(/running here {2}2m36s.*\n[\s\S]*2m56s left/);
  expect(frame(training(), 80, 24, false, later)).toMatch(/running here {2}2m43s.*\n[\s\S]*2m49s left/);
  expect(frame(failed(), 80, 24, false, later)).toContain("2m36s");
});

test("a target that does not answer is named in place of the log's line, with how long and why", () => {
  const silent = (why?: string) =>
    training().update({
      type: "silence",
      target: "local",
      since: noon.now - 12_000,
      at: noon.now,
      ...(why && { why }),
    });
  expect(frame(silent(), 80, 24)).toContain("! no news from local for 12s; the run goes on there");
  expect(frame(silent("Connection timed out"), 120, 24)).toContain("the run goes on there (Connection timed out)");
  expect(frame(silent(), 80, 24)).not.toContain("36/80 [02:24");
  const back = silent().update({ type: "silence", target: "local", since: null, at: noon.now });
  expect(frame(back, 80, 24)).not.toContain("no news");
});
