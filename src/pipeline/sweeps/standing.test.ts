// Ranking, the best, and who goes on to the next rung.
import { describe, expect, it } from "vitest";
import { rungsOf } from "./halving.js";
import { bestOf, goingOn, ranked, type TrialRow, waitingRow } from "./standing.js";

const rungs = rungsOf({ trials: 4, factor: 2, unit: "steps", first: 5, whole: 0 });

function row(number: number, more: Partial<TrialRow>): TrialRow {
  return { ...waitingRow({ number, rung: 1, values: {}, budget: null }), ...more };
}

const done = (number: number, metric: number, rung = 1) => row(number, { state: "succeeded", metric, rung });

describe("the standing of a sweep", () => {
  it("ranks by the goal, trials without a result last, ties by number", () => {
    const rows = [row(1, { state: "failed" }), done(2, 0.5), done(3, 0.2), done(4, 0.5)];
    expect(ranked(rows, "minimize").map(({ number }) => number)).toEqual([3, 2, 4, 1]);
    expect(ranked(rows, "maximize").map(({ number }) => number)).toEqual([2, 4, 3, 1]);
    expect(bestOf(rows, "minimize")?.number).toBe(3);
    expect(bestOf([row(1, { state: "failed" })], "minimize")).toBeNull();
  });

  it("takes the best of the highest rung for the best, although a shorter training had a better figure", () => {
    expect(bestOf([done(1, 0.1), done(2, 0.2), done(2, 0.3, 2)], "minimize")).toMatchObject({ number: 2, rung: 2 });
  });

  it("lets the best 1/factor go on, once all of the rung are over; one that failed never does", () => {
    const three = [done(1, 0.4), done(2, 0.1), row(3, { state: "failed" })];
    expect(goingOn([...three, row(4, { state: "running" })], rungs, "minimize")).toBeNull();
    expect(goingOn([...three, done(4, 0.3)], rungs, "minimize")?.map(({ number }) => number)).toEqual([2, 4]);
    expect(goingOn([row(1, { state: "failed" })], rungs, "minimize")).toBeNull();
    expect(goingOn([done(1, 0.4, 3)], rungs, "minimize")).toBeNull();
    expect(goingOn(three, null, "minimize")).toBeNull();
  });
});
