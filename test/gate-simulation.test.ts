// The bench's simulation of the gate in a short form: seeded, so that it comes out the same each time.
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { expect, it } from "vitest";
import { packageRoot } from "../src/paths.js";

interface Simulation {
  yesNo: { discordance: number; rates: { effect: number; promoted: number; expected: number }[] }[];
  loss: { grouped: boolean; rates: { effect: number; promoted: number }[] }[];
  nights: { items: number; ends: { rule: string; mean: number }[] }[];
}

it("promotes what is truly worse at most one time in twenty, what is better as often as the power says, and drifts nowhere in sixty nights", async () => {
  const bench = (await import(pathToFileURL(join(packageRoot, "bench/gate-simulation.mjs")).href)) as {
    benchGateSimulation(scale: number, print: () => void): Simulation;
  };
  const { yesNo, loss, nights } = bench.benchGateSimulation(0.1, () => {});
  for (const { rates } of yesNo) {
    const at = (effect: number) => rates.find((rate) => rate.effect === effect)!;
    expect(at(-0.03).promoted).toBeLessThanOrEqual(0.05);
    expect(at(0.03).promoted).toBeGreaterThanOrEqual(Math.min(0.8, at(0.03).expected - 0.1));
    for (const { promoted, expected } of rates) expect(Math.abs(promoted - expected)).toBeLessThan(0.12);
  }
  for (const { rates } of loss)
    expect(rates.find(({ effect }) => effect === -0.02)!.promoted).toBeLessThanOrEqual(0.05);
  for (const { ends } of nights) {
    const [observed, alone, anchored] = ends.map(({ mean }) => mean);
    expect(observed).toBeLessThan(-5);
    expect(anchored).toBeGreaterThan(0);
    expect(anchored).toBeGreaterThanOrEqual(alone!);
  }
  expect(nights[1]!.ends.find(({ rule }) => rule === "champion alone")!.mean).toBeLessThan(0);
}, 300_000);
