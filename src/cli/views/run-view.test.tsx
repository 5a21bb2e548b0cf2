// What a person sees while a run goes on: plain lines, live frames, and the question that Ctrl-C asks.
import { render } from "ink-testing-library";
import { describe, expect, it } from "vitest";
import { syntheticRun, syntheticUpdates } from "../../../test/synthetic-run.js";
import { FtError } from "../../errors.js";
import { initialProgress, reduceProgress } from "../../runs/progress.js";
import type { RunUpdate } from "../../runs/update.js";
import { lossPlot } from "./loss-plot.js";
import { plainLines } from "./plain-run.js";
import { RunView } from "./run-view.js";
import { Watching } from "./watch-ink.js";

describe("plainLines", () => {
  const linesOf = (updates: RunUpdate[]) => {
    const take = plainLines(syntheticRun);
    return updates.flatMap(take).map((text) => text.replace(/^\d\d:\d\d:\d\d /, ""));
  };

  it("tells a run in few lines: phases, every tenth or five seconds, checkpoints, the end", () => {
    const lines = linesOf(syntheticUpdates("succeeded", 40));
    expect(lines.slice(0, 6)).toEqual([
      "preparing",
      "loading",
      "running",
      "tokenizing",
      "training",
      "warning: 3 rows are longer than 1024 tokens and are cut",
    ]);
    expect(lines).toContain("step 40/40 (100%)  loss 0.448  lr 2.0e-4  1235 tokens/s");
    expect(lines).toContain("checkpoint at step 20");
    expect(lines.slice(-2)).toEqual(["evaluated 80/80 (100%)", "succeeded"]);
    expect(linesOf(syntheticUpdates("succeeded", 4000)).filter((text) => text.startsWith("step")).length).toBeLessThan(
      810,
    );
  });

  it("tells a failure with its hint, once", () => {
    expect(linesOf(syntheticUpdates("failed")).slice(-3)).toEqual([
      "error: the GPU ran out of memory",
      "         lower train.micro_batch or data.max_length",
      "failed",
    ]);
  });

  it("does not repeat the last step for the summary after it", () => {
    const summary = { kind: "metric", step: 60, totalSteps: 60, values: { train_runtime: 60 } };
    const late = {
      type: "event",
      event: { v: 1, attempt: 1, seq: 999, t: Date.UTC(2027, 0), ...summary },
    } as RunUpdate;
    expect(linesOf([...syntheticUpdates("evaluating"), late]).at(-1)).toMatch(/^evaluated/);
  });
});

describe("RunView", () => {
  const frame = (until: Parameters<typeof syntheticUpdates>[0], columns = 80, rows = 24) => {
    const progress = syntheticUpdates(until).reduce(reduceProgress, initialProgress(syntheticRun));
    const { lastFrame, unmount } = render(
      <RunView progress={progress} question="none" columns={columns} rows={rows} />,
    );
    const text = lastFrame()!;
    unmount();
    return text;
  };

  it.each(["training", "evaluating", "succeeded", "failed"] as const)("%s, at 80 columns", async (until) => {
    const text = frame(until);
    await expect(`${text}\n`).toMatchFileSnapshot(`fixtures/${until}.txt`);
    for (const line of text.split("\n")) expect(line.length).toBeLessThan(80);
  });

  it.each([
    [40, 12],
    [20, 5],
    [200, 50],
  ])("keeps to a terminal of %i by %i", (columns, rows) => {
    for (const line of frame("failed", columns, rows).split("\n")) expect(line.length).toBeLessThan(columns);
  });
});

describe("lossPlot", () => {
  const size = { width: 10, height: 2 };
  const points = (...pairs: [number, number][]) => pairs.map(([step, loss]) => ({ step, loss }));

  it("spreads over the whole width, from high to low", () => {
    const [top, bottom] = lossPlot(points([1, 3], [2, 2], [3, 1]), size);
    expect(top).toMatch(/^[^⠀]+⠀+$/);
    expect(bottom).toMatch(/^⠀+[^⠀]+$/);
  });

  it("goes by steps, not by how many points there are", () => {
    const dense = points(...Array.from({ length: 50 }, (_, n): [number, number] => [n / 10, 3]), [5, 3], [10, 1]);
    expect(lossPlot(dense, size)).toEqual(lossPlot(points([0, 3], [5, 3], [10, 1]), size));
  });

  it.each([[points()], [points([1, 2])], [points([1, 2], [2, 2])]])("draws %j too", (given) => {
    const lines = lossPlot(given, size);
    expect(lines.map((line) => line.length)).toEqual([10, 10]);
  });
});

describe("Ctrl-C while watching", () => {
  const ctrlC = "\u0003";

  async function watching(stop: () => Promise<void> = async () => {}) {
    const log: string[] = [];
    const record = (what: string) => () => void log.push(what);
    let end = (): void => {};
    const ended = new Promise<void>((resolve) => {
      end = resolve;
    });
    async function* updates() {
      yield* syntheticUpdates("training");
      await ended;
      yield { type: "state", state: "cancelled" } as const;
    }
    const app = render(
      <Watching
        run={syntheticRun}
        updates={updates()}
        stop={() => {
          log.push("stop");
          return stop();
        }}
        onDetach={record("detach")}
        onEnd={record("end")}
        onFail={(error) => void log.push(`fail: ${(error as Error).message}`)}
      />,
    );
    const see = (pattern: RegExp) => expect.poll(() => app.lastFrame()).toMatch(pattern);
    await see(/step 36\/60/);
    return { app, log, end, see, type: (text: string) => app.stdin.write(text) };
  }

  it("asks; d leaves and the run goes on", async () => {
    const { log, see, type } = await watching();
    type(ctrlC);
    await see(/\[d\]etach +\[s\]top with a checkpoint +\[c\]ontinue/);
    type("d");
    await expect.poll(() => log).toEqual(["detach"]);
  });

  it("a second Ctrl-C leaves too", async () => {
    const { log, see, type } = await watching();
    type(ctrlC);
    await see(/\[d\]etach/);
    type(ctrlC);
    await expect.poll(() => log).toEqual(["detach"]);
  });

  it("c goes on watching, other keys do nothing", async () => {
    const { app, log, see, type } = await watching();
    type("d");
    type(ctrlC);
    await see(/\[d\]etach/);
    type("x");
    type("c");
    await expect.poll(() => app.lastFrame()).not.toMatch(/\[d\]etach/);
    expect(log).toEqual([]);
  });

  it("s stops once, and it watches until the run ended, without the question in the last frame", async () => {
    const { app, log, end, see, type } = await watching();
    type(ctrlC);
    await see(/\[s\]top/);
    type("s");
    await see(/stopping: saving a checkpoint/);
    type("s");
    end();
    await expect.poll(() => log).toEqual(["stop", "end"]);
    expect(app.lastFrame()).toMatch(/cancelled/);
    expect(app.lastFrame()).not.toMatch(/stopping|\[d\]/);
  });

  it("a run that ended in that moment is no failure, a stop that fails is", async () => {
    const failing = (code: string) => async () => {
      throw new FtError({ code, exit: "usage", message: code });
    };
    for (const [code, expected] of [
      ["run.ended", ["stop"]],
      ["launcher.not-stopped", ["stop", "fail: launcher.not-stopped"]],
    ] as const) {
      const { log, see, type } = await watching(failing(code));
      type(ctrlC);
      await see(/\[s\]top/);
      type("s");
      await expect.poll(() => log).toEqual(expected);
    }
  });
});
