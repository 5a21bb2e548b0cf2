// What past runs teach the estimate: factors that few odd runs cannot move, and bands that never get narrower.
import { describe, expect, it } from "vitest";
import type { TimePlan } from "../time/time-plan.js";
import { correctBands } from "./correct.js";
import { correctTime } from "./correct-time.js";
import { fitErrors, fitFactor, type Measured } from "./fit.js";

/** Runs that took so many times what was estimated beyond 10 counted of 20. */
const runs = (...ratios: number[]): Measured[] =>
  ratios.map((ratio, at) => ({ id: `run-${at}`, counted: 10, estimated: 20, measured: 10 + 10 * ratio }));

describe("fitFactor", () => {
  it("is the median over what is not counted to the byte, so that one odd run does not move it", () => {
    expect(fitFactor(runs(1.2, 1.19, 1.21, 3.9))).toEqual({ factor: 1.205, least: 1.19, most: 3.9, runs: 4 });
  });

  it("needs three runs that tell something, and holds to a factor of four", () => {
    expect(fitFactor(runs(1.2, 1.2))).toBeNull();
    const counted: Measured = { id: "exact", counted: 19.9, estimated: 20, measured: 21 };
    expect(fitFactor([...runs(1.2, 1.2), counted])).toBeNull();
    expect(fitFactor(runs(9, 9, 9))).toMatchObject({ factor: 4 });
  });
});

describe("fitErrors", () => {
  it("tells the error before, and after with each run corrected by the others alone", () => {
    const { before, after } = fitErrors(runs(1.5, 1.5, 1.6));
    expect(before.median).toBeCloseTo(0.2);
    expect(after!.median).toBeLessThan(0.03);
    expect(after!.worst).toBeGreaterThan(0);
  });

  it("does not flatter itself where runs have nothing in common", () => {
    const { before, after } = fitErrors(runs(0.5, 1, 2));
    expect(after!.worst).toBeGreaterThan(before.median);
  });
});

describe("correctBands", () => {
  const band = { low: 18, mid: 20, high: 24 };
  const plain = { counted: 10, needed: band, allocated: band, reserved: { low: 20, mid: 25, high: 40 }, device: band };
  const by = { runs: 3, at: 0 };
  const factor = (n: number) => ({ factor: 1.5, least: 1.3, most: 1.6, runs: n });

  it("moves the middle of what is not counted, and reaches as far as past runs did: further with few of them", () => {
    const corrected = (n: number) => correctBands(plain, { by, memory: { rss: factor(n) }, speed: {} }, true).needed;
    expect(corrected(3).mid).toBe(25);
    expect(corrected(3).low).toBeLessThanOrEqual(10 + 1.3 * 10);
    expect(corrected(3).high - 25).toBeGreaterThanOrEqual(4);
    expect(corrected(3).low).toBeLessThan(corrected(40).low);
  });

  it("never makes a band narrower, whatever the runs agree on", () => {
    for (const sure of [0.5, 1, 2]) {
      const memory = { rss: { factor: sure, least: sure, most: sure, runs: 50 } };
      const { low, mid, high } = correctBands(plain, { by, memory, speed: {} }, true).needed;
      expect([mid - low, high - mid].map((width) => Math.round(width * 1e6) / 1e6)).toEqual([2, 4]);
    }
  });

  it("lets what a GPU needs follow its tensors, and what nvidia-smi shows its allocator", () => {
    const { allocated, needed, reserved, device } = correctBands(
      plain,
      { by, memory: { allocated: factor(3) }, speed: {} },
      false,
    );
    expect([allocated.mid, needed.mid, reserved.mid, device.mid]).toEqual([25, 25, 30, 25]);
    expect(correctBands(plain, { by, memory: { rss: factor(3) }, speed: {} }, false)).toEqual(plain);
  });
});

describe("correctTime", () => {
  const time: TimePlan = {
    total: { low: 60, mid: 110, high: 215 },
    parts: [
      { part: "load", low: 10, mid: 10, high: 15 },
      { part: "training", low: 50, mid: 100, high: 200 },
    ],
    step: { low: 0.5, mid: 1, high: 2 },
    ...{ tokensPerSecond: 1000, flops: 1e15, utilisation: 0.4, basis: "cpu", corrected: null },
  };
  const by = { runs: 4, at: 0 };
  const slow = { factor: 0.5, least: 0.4, most: 0.6, runs: 4 };

  it("makes training as slow as past runs of the engine were, and leaves the rest", () => {
    const after = correctTime(time, { by, memory: {}, speed: { trl: slow } }, "trl");
    expect(after.parts[1]).toEqual({ part: "training", low: 100, mid: 200, high: 400 });
    expect(after.parts[0]).toEqual(time.parts[0]);
    expect(after.total).toEqual({ low: 110, mid: 210, high: 415 });
    expect(after).toMatchObject({ tokensPerSecond: 500, corrected: { runs: 4, factor: 0.5 } });
    expect(correctTime(time, { by, memory: {}, speed: { trl: slow } }, "axolotl")).toBe(time);
  });

  it("reaches as far as past runs did, and further with few", () => {
    const odd = { ...slow, least: 0.1, runs: 3 };
    expect(correctTime(time, { by, memory: {}, speed: { trl: odd } }, "trl").parts[1]!.high).toBeGreaterThan(
      100 / 0.1 - 300,
    );
  });
});
