// The estimate of training speed against measured tokens a second, by source and method.
import { compareSpeeds, leaveSourcesOut, speedPoints } from "../dist/plan/points/speed-points.js";

const file = new URL("./data/throughput-points.csv", import.meta.url).pathname;
const percent = (share) => `${(100 * share).toFixed(1)} %`.padStart(8);

export function benchThroughput() {
  const points = speedPoints(file, process.env);
  const summary = compareSpeeds(points);
  console.log("training speed against measured tokens/s: median error, 90 % within, bias, share within the band");
  for (const [name, { points: count, medianError, p90Error, bias, within }] of Object.entries(summary)) {
    console.log(
      `  ${name.padEnd(14)} ${String(count).padStart(4)} ${percent(medianError)} ${percent(p90Error)}  ${bias.toFixed(2)}x ${percent(within)}`,
    );
  }
  console.log("left out in turn, with constants fitted to the other sources: median error, 90 % within");
  const left = leaveSourcesOut(points);
  for (const { source, points: count, medianError, p90Error } of left) {
    console.log(`  ${source.padEnd(14)} ${String(count).padStart(4)} ${percent(medianError)} ${percent(p90Error)}`);
  }
  return { summary, left };
}
