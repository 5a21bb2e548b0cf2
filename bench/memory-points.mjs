// The memory estimate against measured peaks, and cross-validated over their sources: constants fitted without a source predict that source.
import { crossValidate } from "../dist/plan/points/cross-validate.js";
import { readPoints } from "../dist/plan/points/read-points.js";
import { comparePoints } from "../dist/plan/points/score.js";

const file = new URL("./data/memory-points.csv", import.meta.url).pathname;
const percent = (share) => `${(100 * share).toFixed(1)} %`.padStart(7);

export function benchMemoryPoints() {
  const points = readPoints(file);
  const { summary } = comparePoints(points);
  console.log("memory estimate against measured peaks: median error, 90 % within, covered by high, high over mid");
  for (const [name, one] of Object.entries(summary)) {
    const { points: n, medianError, p90Error, covered, highOverPredicted } = one;
    console.log(
      `  ${name.padEnd(16)} ${String(n).padStart(4)} ${percent(medianError)} ${percent(p90Error)} ${percent(covered)}  ${highOverPredicted.toFixed(2)}x`,
    );
  }
  console.log(
    "left out in turn: median error as shipped, and with constants fitted to the other sources (90 % within)",
  );
  const left = crossValidate(points);
  for (const { source, kind, points: n, shipped, without, withoutP90 } of left) {
    console.log(
      `  ${source.padEnd(8)} ${kind.padEnd(11)} ${String(n).padStart(4)} ${percent(shipped)} ${percent(without)} ${percent(withoutP90)}`,
    );
  }
  return { summary, left };
}
