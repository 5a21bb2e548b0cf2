// The estimate of training speed against published measurements, by source and method.
import { join } from "node:path";
import { expect, it } from "vitest";
import { packageRoot } from "../../paths.js";
import { compareSpeeds, leaveSourcesOut, speedPoints } from "./speed-points.js";

const points = speedPoints(join(packageRoot, "bench/data/throughput-points.csv"), { HOME: "/nowhere" });

it("is within 10 % of measured speeds in the median, and within 30 % for nine in ten, for LoRA, QLoRA and full training", () => {
  expect(points.length).toBeGreaterThan(150);
  const { all, ...groups } = compareSpeeds(points);
  expect(all!.medianError).toBeLessThan(0.1);
  expect(all!.p90Error).toBeLessThan(0.3);
  expect(all!.within).toBeGreaterThan(0.9);
  for (const [name, { bias }] of Object.entries(groups)) {
    expect(bias, name).toBeGreaterThan(0.65);
    expect(bias, name).toBeLessThan(1.5);
  }
});

it("carries over: sources of ten points and more are predicted within 30 % in the median by constants that never saw them", () => {
  const large = leaveSourcesOut(points).filter((one) => one.points >= 10);
  expect(large.length).toBeGreaterThan(3);
  for (const { source, medianError } of large) expect(medianError, source).toBeLessThan(0.3);
});
