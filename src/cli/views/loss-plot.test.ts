import { expect, test } from "vitest";
import { lossPlot, sparkline } from "./loss-plot.js";

const points = (losses: number[]) => losses.map((loss, i) => ({ step: i + 1, loss }));

test("a sparkline has one block a point and falls from high to low", () => {
  expect(sparkline(points([8, 1]), 8)).toBe("█▁");
});

test("many points share a column as their mean, so that one outlier does not hide the rest", () => {
  const noisy = Array.from({ length: 400 }, (_, i) => (i < 200 ? 4 : 1));
  expect(sparkline(points(noisy), 4)).toBe("██▁▁");
});

test("a plot is as wide and tall as asked and joins steep steps without gaps", () => {
  // Dot rows by column: 0 0 0 2 5 7 7 7.
  expect(lossPlot(points([1, 1, 0, 0]), { width: 4, height: 2 })).toEqual(["⠉⠱⡀⠀", "⠀⠀⢣⣀"]);
});

test("equal losses are a flat line and one point is drawn too", () => {
  expect(lossPlot(points([2, 2, 2]), { width: 3, height: 1 })).toEqual(["⣀⣀⣀"]);
  expect(lossPlot(points([2]), { width: 3, height: 1 })).toEqual(["⣀⣀⣀"]);
  expect(lossPlot([], { width: 3, height: 1 })).toEqual([]);
});
