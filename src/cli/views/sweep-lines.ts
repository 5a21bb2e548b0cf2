// A sweep as plain lines, for pipes and CI: a line when a trial starts and when it ends, and now and then how far those are that run.
import { bestOf, isLive, type TrialRow } from "../../pipeline/sweeps/standing.js";
import type { SweepMetric } from "../../pipeline/sweeps/sweep-metric.js";
import { oneLine } from "./one-line.js";
import { metricName, metricText, nowText, stateText, trialName, valuesText } from "./sweep-words.js";

/** Between two lines about what runs, ms. */
const quietMs = 30_000;

/** Returns a function that takes the rows and gives back the lines to print, often none. */
export function sweepLines(metric: SweepMetric): (rows: readonly TrialRow[], now: number) => string[] {
  const told = new Map<string, { run: string | null; state: string }>();
  let toldProgress = Number.NEGATIVE_INFINITY;
  return (rows, now) => {
    const lines = rows.flatMap((row) => {
      const key = `${row.number}/${row.rung}`;
      const before = told.get(key);
      told.set(key, { run: row.run, state: row.state });
      return [
        ...(row.run !== null && row.run !== before?.run ? [startLine(row)] : []),
        ...(row.state !== before?.state ? endLines(row, rows, metric) : []),
      ];
    });
    const live = rows.filter(isLive);
    if (live.length === 0 || lines.length > 0) toldProgress = now;
    if (now - toldProgress >= quietMs) {
      toldProgress = now;
      lines.push(live.map((row) => `trial ${trialName(row)} ${nowText(row)}`).join("; "));
    }
    const time = new Date(now).toTimeString().slice(0, 8);
    return lines.map((line) => `${time} ${oneLine(line)}`);
  };
}

function startLine(row: TrialRow): string {
  return `trial ${trialName(row)} (${valuesText(row.values)}) ${row.wasThere ? "was started before" : "starts"}: run ${row.run}`;
}

function endLines(row: TrialRow, rows: readonly TrialRow[], { name, goal }: SweepMetric): string[] {
  const trial = `trial ${trialName(row)}`;
  if (row.state === "refused") return [`${trial} (${valuesText(row.values)}) is left out: ${row.reason}`];
  if (row.state === "succeeded" && row.metric !== null) {
    const best = bestOf(rows, goal) === row ? ", the best so far" : "";
    return [`${trial} done: ${metricName(name)} ${metricText(name, row.metric)}${best}  ${row.adapter}`];
  }
  if (["succeeded", "failed", "cancelled", "lost"].includes(row.state))
    return [`${trial} ${stateText(row)}: ${row.reason ?? "without a result"}`];
  return [];
}
