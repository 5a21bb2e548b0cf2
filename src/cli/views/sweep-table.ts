// The table of a sweep's trials, the best first, and what it came to.
import type { Rung } from "../../pipeline/sweeps/halving.js";
import type { RunnerUp } from "../../pipeline/sweeps/runner-up.js";
import { bestOf, ranked, type TrialRow } from "../../pipeline/sweeps/standing.js";
import type { SweepMetric } from "../../pipeline/sweeps/sweep-metric.js";
import { cut } from "./format.js";
import { oneLine } from "./one-line.js";
import { plainTable } from "./plain-table.js";
import {
  metricName,
  metricText,
  metricWords,
  nowText,
  shortKeys,
  stateText,
  trialName,
  valuesText,
  valueText,
} from "./sweep-words.js";

const mostState = 36;

export interface ShownSweep {
  id: string;
  method: string;
  metric: SweepMetric;
  rungs: Rung[] | null;
  trials: readonly TrialRow[];
}

/** Lines: a head, the table, reasons. At most `width` columns where `width` is given, at most `most` trials. */
export function sweepTable(
  sweep: ShownSweep,
  { most = Number.POSITIVE_INFINITY, width = Number.POSITIVE_INFINITY } = {},
): string[] {
  const { metric, trials, rungs } = sweep;
  const best = bestOf(trials, metric.goal);
  const keys = shortKeys([...new Set(trials.flatMap(({ values }) => Object.keys(values)))]);
  const right = "right" as const;
  const columns = [
    { head: "trial" },
    ...[...keys.values()].map((head) => ({ head, align: right })),
    ...(rungs === null ? [] : [{ head: rungs[0]!.budget.unit, align: right }]),
    { head: "state" },
    { head: metricName(metric.name), align: right },
    { head: "adapter" },
    { head: "run" },
    { head: "" },
  ];
  const shown = inView(ranked(trials, metric.goal), most);
  const rows = shown.map((row) => [
    trialName(row),
    ...[...keys.keys()].map((key) => cut(valueText(row.values[key]), 32)),
    ...(rungs === null ? [] : [String(row.budget?.amount ?? "")]),
    cut(nowText(row), mostState),
    metricText(metric.name, row.metric),
    row.adapter ?? "",
    row.run ?? "",
    row === best ? "best" : "",
  ]);
  const hidden = trials.length - shown.length;
  return [
    `sweep ${sweep.id}  ${sweep.method}, by ${metricWords(metric)}`,
    "",
    ...plainTable(columns, rows),
    ...(hidden > 0 ? [`and ${hidden} more`] : []),
  ].map((line) => cut(line, width));
}

/** Those at work first come into view, then the best. */
function inView(rows: readonly TrialRow[], most: number): TrialRow[] {
  if (rows.length <= most) return [...rows];
  const atWork = rows.filter(
    ({ state }) => !["waiting", "succeeded", "failed", "refused", "cancelled"].includes(state),
  );
  const kept = new Set([...atWork, ...rows].slice(0, most));
  return rows.filter((row) => kept.has(row));
}

/** One line each: why trials have no result; that they were measured on other rows. */
export function sweepNotes({ trials, metric }: Pick<ShownSweep, "trials" | "metric">): string[] {
  const reasons = trials
    .filter(({ reason }) => reason !== null)
    .map((row) => `trial ${trialName(row)} ${stateText(row)}: ${oneLine(row.reason!)}`);
  const measured = new Set(trials.filter((row) => row.metric !== null).map(({ measuredOn }) => measuredOn));
  const differ = `the trials were measured on different held-out rows (data.eval names the same for all): compare ${metricName(metric.name)} with care`;
  return [...reasons, ...(measured.size > 1 ? [`note: ${differ}`] : [])];
}

/** "best  trial 2: learning_rate 3e-4, rank 16  loss 0.123 (base 1.85)  tiny@3", and how sure that is. No line: no trial has a result. */
export function bestLines(
  { trials, metric }: Pick<ShownSweep, "trials" | "metric">,
  second: RunnerUp | null,
): string[] {
  const best = bestOf(trials, metric.goal);
  if (best === null) return [];
  const base = best.base === null ? "" : ` (base ${metricText(metric.name, best.base)})`;
  const figure = `${metricName(metric.name)} ${metricText(metric.name, best.metric)}${base}`;
  const line = `best  trial ${trialName(best)}: ${valuesText(best.values)}  ${figure}  ${best.adapter}`;
  return second === null ? [line] : [line, `      ${behindText(second, metric.name)}`];
}

/** "trial 1 is behind it: difference −0.424 to −0.386 (95 %, 8 held-out examples)". */
export function behindText({ number, low, high, n, isClear }: RunnerUp, metric: string): string {
  const verdict = isClear ? "is behind it" : "cannot be told apart from it";
  return `trial ${number} ${verdict}: difference ${signed(metric, low)} to ${signed(metric, high)} (95 %, ${n} held-out examples)`;
}

function signed(metric: string, value: number): string {
  return `${value < 0 ? "−" : "+"}${metricText(metric, Math.abs(value))}`;
}
