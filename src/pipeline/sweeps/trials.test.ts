// Trials by seed, scale and method; the rungs of successive halving.
import { describe, expect, it } from "vitest";
import { rungsOf } from "./halving.js";
import { parseKeyFlag, type Space } from "./space.js";
import { gridTrials, randomTrials, sizeOf } from "./trials.js";

const lists: Space = { "train.learning_rate": [1e-4, 3e-4], "method.rank": [8, 16, 32] };
const ranges: Space = {
  "train.learning_rate": { min: 1e-5, max: 1e-2, scale: "log" },
  "method.rank": { min: 4, max: 7, scale: "int" },
  "method.dropout": { min: 0, max: 0.5, scale: "linear" },
};

describe("a grid", () => {
  it("has every combination once, the last key fastest", () => {
    const trials = gridTrials(lists, 6);
    expect(trials.map((trial) => Object.values(trial))).toEqual([
      [1e-4, 8],
      [1e-4, 16],
      [1e-4, 32],
      [3e-4, 8],
      [3e-4, 16],
      [3e-4, 32],
    ]);
  });

  it("counts whole numbers through, and refuses a continuous range and more trials than allowed", () => {
    expect(gridTrials({ rank: { min: 2, max: 4, scale: "int" } }, 9)).toEqual([{ rank: 2 }, { rank: 3 }, { rank: 4 }]);
    expect(() => gridTrials(ranges, 100)).toThrow("train.learning_rate, method.dropout has a range");
    expect(() => gridTrials(lists, 5)).toThrow("the grid has 6 trials, and 5 are allowed");
  });
});

describe("random trials", () => {
  it("are the same for the same seed, whatever the order of the keys, and begin alike when there are more", () => {
    const trials = randomTrials(ranges, { count: 5, seed: 7 });
    const turned = Object.fromEntries(Object.entries(ranges).toReversed());
    expect(randomTrials(turned, { count: 5, seed: 7 })).toEqual(trials);
    expect(randomTrials(ranges, { count: 9, seed: 7 }).slice(0, 5)).toEqual(trials);
    expect(randomTrials(ranges, { count: 5, seed: 8 })).not.toEqual(trials);
    // Held: a trial that a person trained with one ft is to be the same trial for the next.
    expect(trials[0]).toEqual({ "train.learning_rate": 0.001051, "method.rank": 7, "method.dropout": 0.03592 });
  });

  it("stay within their ranges, spread by scale", () => {
    const trials = randomTrials(ranges, { count: 600, seed: 1 });
    const of = (key: string) => trials.map((trial) => trial[key] as number);
    const share = (values: number[], below: number) => values.filter((value) => value < below).length / values.length;
    const rates = of("train.learning_rate");
    expect(Math.min(...rates)).toBeGreaterThanOrEqual(1e-5);
    expect(Math.max(...rates)).toBeLessThanOrEqual(1e-2);
    expect(share(rates, 1e-4)).toBeCloseTo(1 / 3, 1);
    expect(share(rates, 1e-3)).toBeCloseTo(2 / 3, 1);
    expect(share(of("method.dropout"), 0.25)).toBeCloseTo(1 / 2, 1);
    expect(new Set(of("method.rank"))).toEqual(new Set([4, 5, 6, 7]));
  });

  it("do not lie together: of each four one is in each quarter of every range", () => {
    for (const seed of [0, 1, 2]) {
      const quarters = randomTrials(ranges, { count: 4, seed }).map((trial) =>
        Math.floor((4 / 3) * Math.log10((trial["train.learning_rate"] as number) / 1e-5)),
      );
      expect(quarters.toSorted()).toEqual([0, 1, 2, 3]);
    }
  });

  it("never repeat a combination, and end where the space does", () => {
    expect(sizeOf(lists)).toBe(6);
    const trials = randomTrials(lists, { count: 50, seed: 3 });
    expect(new Set(trials.map((trial) => JSON.stringify(trial))).size).toBe(6);
  });
});

describe("successive halving", () => {
  it("gives the last rung the recipe's own length, and each rung before it 1/factor of that", () => {
    expect(rungsOf({ trials: 9, factor: 3, unit: "steps", first: null, whole: 90 })).toEqual([
      { trials: 9, budget: { unit: "steps", amount: 10 } },
      { trials: 3, budget: { unit: "steps", amount: 30 } },
      { trials: 1, budget: { unit: "steps", amount: 90 } },
    ]);
  });

  it("starts from a given length, and rounds trials down until one is left", () => {
    const rungs = rungsOf({ trials: 10, factor: 2, unit: "epochs", first: 0.25, whole: 3 });
    expect(rungs.map(({ trials, budget }) => [trials, budget.amount])).toEqual([
      [10, 0.25],
      [5, 0.5],
      [2, 1],
      [1, 2],
    ]);
  });
});

describe("--key", () => {
  it("takes YAML values, lists among them, and ranges with a scale", () => {
    expect(parseKeyFlag("train.learning_rate=1e-4,3e-4")).toEqual(["train.learning_rate", [1e-4, 3e-4]]);
    expect(parseKeyFlag("method.target_modules=all-linear,[q_proj,v_proj]")[1]).toEqual([
      "all-linear",
      ["q_proj", "v_proj"],
    ]);
    expect(parseKeyFlag("a.b=1e-5..1e-3:log")[1]).toEqual({ min: 1e-5, max: 1e-3, scale: "log" });
    expect(parseKeyFlag("a.b=4..64:int")[1]).toEqual({ min: 4, max: 64, scale: "int" });
    expect(parseKeyFlag("a.b=0.1..0.5")[1]).toEqual({ min: 0.1, max: 0.5, scale: "linear" });
    expect(parseKeyFlag("data.train=../a.jsonl,b.jsonl")[1]).toEqual(["../a.jsonl", "b.jsonl"]);
    for (const bad of ["rank", "rank=", "a=2..1", "a=0..1:log", "a=1..2.5:int", "a=x..y", "a=1..2:cubic"])
      expect(() => parseKeyFlag(bad), bad).toThrow(`--key ${bad} cannot be read`);
  });
});
