import { expect, test } from "vitest";
import { addLoss, type LossHistory, maxPoints, noLosses } from "./loss-history.js";

const history = (losses: [number, number | null][], start: LossHistory = noLosses): LossHistory =>
  losses.reduce((so, [step, loss]) => addLoss(so, step, loss), start);

test("keeps every step of a short run, with its first, lowest and last loss", () => {
  const { points, first, lowest, last } = history([
    [1, 3],
    [2, 1],
    [3, 2],
  ]);
  expect(points.map(({ step, loss }) => [step, loss])).toEqual([
    [1, 3],
    [2, 1],
    [3, 2],
  ]);
  expect({ first, lowest, last }).toEqual({ first: 3, lowest: 1, last: 2 });
});

test("a long run keeps its whole shape in bounded memory, each point the mean of as many steps", () => {
  const steps = 10_000;
  const long = history(Array.from({ length: steps }, (_, i) => [i + 1, i + 1]));
  expect(long.points.length).toBeLessThanOrEqual(maxPoints);
  expect(long.points.length).toBeGreaterThan(maxPoints / 2 - 1);
  expect(long.stepsPerPoint).toBe(32);
  expect(new Set(long.points.slice(0, -1).map(({ n }) => n))).toEqual(new Set([32]));
  expect(long.points[0]).toEqual({ step: 32, loss: 16.5, n: 32 });
  const mean = long.points.reduce((sum, { loss, n }) => sum + loss * n, 0) / steps;
  expect(mean).toBeCloseTo((steps + 1) / 2, 6);
});

test("after a resume the steps since the checkpoint come again and replace the old ones", () => {
  const before = history([
    [1, 3],
    [2, 2],
    [3, 9],
    [4, 9],
  ]);
  expect(addLoss(before, 3, 1).points.map(({ step, loss }) => [step, loss])).toEqual([
    [1, 3],
    [2, 2],
    [3, 1],
  ]);
});

test("a loss that is not a number is told apart from none, and mended by the next one", () => {
  const broken = history([
    [1, 3],
    [2, null],
  ]);
  expect(broken).toMatchObject({ last: null, isBroken: true, lowest: 3 });
  expect(addLoss(broken, 3, 2)).toMatchObject({ last: 2, isBroken: false });
});
