// The estimate of training speed against measured tokens a second, by source and method.
import { compareSpeeds, speedPoints } from "../dist/plan/points/speed-points.js";

const file = new URL("./data/throughput-points.csv", import.meta.url).pathname;
const percent = (share) => `${(100 * share).toFixed(1)} %`.padStart(8);

export function benchThroughput() {
  const summary = compareSpeeds(speedPoints(file, process.env));
  console.log("training speed against measured tokens/s: median error, 90 % within, bias, share within the band");
  for (const [name, { points, medianError, p90Error, bias, within }] of Object.entries(summary)) {
    console.log(
      `  ${name.padEnd(14)} ${String(points).padStart(4)} ${percent(medianError)} ${percent(p90Error)}  ${bias.toFixed(2)}x ${percent(within)}`,
    );
  }
  return summary;
}
