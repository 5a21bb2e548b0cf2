// A sweep as a report: what is best, the trials, and the metric against each key; `ft sweep show` prints it and writes it as a page.

import type { RunnerUp } from "../../pipeline/sweeps/runner-up.js";
import { isRange, type Space } from "../../pipeline/sweeps/space.js";
import { bestOf, isOver, ranked, type TrialRow } from "../../pipeline/sweeps/standing.js";
import type { SweepRecord } from "../../pipeline/sweeps/sweep-record.js";
import type { Block, Facts, Plot, Report, Table } from "../../report/block.js";
import { behindText, sweepNotes } from "./sweep-table.js";
import { metricName, metricText, metricWords, shortKeys, stateText, valuesText, valueText } from "./sweep-words.js";

type Measured = TrialRow & { metric: number };

/** From so many times the smallest value on, a list of numbers is drawn by its logarithm. */
const logFrom = 4;
/** More values of a list than these are not all named beside the axis. */
const mostTicks = 8;

export function sweepReport(sweep: SweepRecord, second: RunnerUp | null): Report {
  const { id, method, metric, trials } = sweep;
  const best = bestOf(trials, metric.goal);
  const measured = trials.filter((row): row is Measured => row.metric !== null);
  // Of halving's rungs only the first has all trials, and only within one are they trained alike.
  const alike = measured.filter(({ rung }) => rung === 1);
  const plots = alike.length < 2 ? [] : Object.keys(sweep.keys).map((key) => keyPlot(sweep, key, alike, best));
  const blocks: Block[] = [
    outcome(sweep, best, second),
    trialTable(sweep, best),
    ...(sweep.rungs && measured.some(({ rung }) => rung > 1) ? [rungPlot(sweep, measured, best)] : []),
    ...plots,
  ];
  return { title: `sweep ${id}`, subtitle: `${method}, by ${metricWords(metric)}`, blocks };
}

function outcome({ recipe, trials, metric }: SweepRecord, best: TrialRow | null, second: RunnerUp | null): Facts {
  const over = trials.filter(isOver).length;
  const facts = [
    { name: "recipe", value: recipe },
    { name: "trials", value: over === trials.length ? String(over) : `${over} of ${trials.length} are over` },
    ...(best
      ? [
          { name: "best", value: `trial ${best.number}: ${valuesText(best.values)}` },
          { name: metricName(metric.name), value: figure(metric.name, best) },
          { name: "adapter", value: `${best.adapter} (run ${best.run})` },
        ]
      : []),
    ...(second ? [{ name: "the second", value: behindText(second, metric.name) }] : []),
  ];
  return { kind: "facts", title: best ? "What is best" : "No trial has a result yet", facts };
}

function figure(metric: string, { metric: value, base }: TrialRow): string {
  return `${metricText(metric, value)}${base === null ? "" : `; the base has ${metricText(metric, base)}`}`;
}

function trialTable(sweep: SweepRecord, best: TrialRow | null): Table {
  const { metric, rungs, trials } = sweep;
  const keys = shortKeys(Object.keys(sweep.keys));
  const right = "right" as const;
  return {
    kind: "table",
    title: "Trials, the best first",
    columns: [
      { head: "", align: right },
      { head: "trial", align: right },
      ...(rungs ? [{ head: rungs[0]!.budget.unit, align: right }] : []),
      ...[...keys.values()].map((head) => ({ head, align: right })),
      { head: metricName(metric.name), align: right },
      ...[{ head: "state" }, { head: "adapter" }, { head: "run" }],
    ],
    rows: ranked(trials, metric.goal).map((row) => ({
      cells: [
        row === best ? "◆" : "",
        String(row.number),
        ...(rungs ? [String(row.budget?.amount ?? "")] : []),
        ...[...keys.keys()].map((key) => valueText(row.values[key])),
        metricText(metric.name, row.metric),
        ...[
          stateText({ ...row, loss: null }),
          row.adapter?.replace(/^.*@/, "@") ?? "",
          row.run?.split("-").at(-1) ?? "",
        ],
      ],
      ...(row === best ? { level: "good" as const } : row.state === "failed" ? { level: "bad" as const } : {}),
    })),
    notes: sweepNotes(sweep).map((text) => ({ text })),
  };
}

function keyPlot(
  { keys, metric, rungs }: SweepRecord,
  key: string,
  rows: readonly Measured[],
  best: TrialRow | null,
): Plot {
  const name = shortKeys(Object.keys(keys)).get(key)!;
  const { axis, place } = axisOf(
    (keys as Space)[key]!,
    rows.map(({ values }) => values[key]),
    name,
  );
  const text = (row: Measured) => metricText(metric.name, row.metric);
  const [first, last] = [
    rows.reduce((a, b) => (b.metric < a.metric ? b : a)),
    rows.reduce((a, b) => (b.metric > a.metric ? b : a)),
  ];
  const [one, other] = metric.goal === "minimize" ? [first, last] : [last, first];
  const after = rungs ? `, after the ${rungs[0]!.budget.amount} ${rungs[0]!.budget.unit} of the first rung` : "";
  return {
    kind: "plot",
    title: `${metricName(metric.name)} by ${name}${after}`,
    x: axis,
    y: { unit: metricName(metric.name) },
    one: "a trial",
    summary: `from ${text(one)} at ${valueText(one.values[key])} to ${text(other)} at ${valueText(other.values[key])}`,
    series: rows.map((row) => ({
      name: `trial ${row.number}`,
      isBest: row.number === best?.number,
      points: [{ x: place(row.values[key]), y: row.metric, shown: `${valueText(row.values[key])}, ${text(row)}` }],
    })),
  };
}

function axisOf(choices: Space[string], values: readonly unknown[], unit: string) {
  const numbers = values.filter((value) => typeof value === "number");
  if (numbers.length === values.length) {
    const isSpread = Math.min(...numbers) > 0 && Math.max(...numbers) >= logFrom * Math.min(...numbers);
    const scale = (isRange(choices) ? choices.scale === "log" : isSpread) ? ("log" as const) : ("linear" as const);
    const listed = isRange(choices) ? [] : choices.filter((value) => typeof value === "number");
    const ticks = listed.length > 0 && listed.length <= mostTicks ? { ticks: listed } : {};
    return { axis: { unit, scale, ...ticks }, place: Number };
  }
  const names = [...new Set((isRange(choices) ? values : choices).map(valueText))];
  return { axis: { unit, names }, place: (value: unknown) => names.indexOf(valueText(value)) };
}

/** A line a trial: how its figure went on as it trained longer. */
function rungPlot({ metric, rungs }: SweepRecord, rows: readonly Measured[], best: TrialRow | null): Plot {
  const { unit } = rungs![0]!.budget;
  const numbers = [...new Set(rows.map(({ number }) => number))].toSorted((a, b) => a - b);
  return {
    kind: "plot",
    title: `${metricName(metric.name)} by ${unit} trained, rung by rung`,
    x: { unit, scale: "log", ticks: rungs!.map(({ budget }) => budget.amount) },
    y: { unit: metricName(metric.name) },
    one: "a trial",
    summary: rungs!.map(({ trials, budget }) => `${trials} of ${budget.amount} ${unit}`).join(", "),
    series: numbers.map((number) => ({
      name: `trial ${number}`,
      isBest: number === best?.number,
      points: rows
        .filter((row) => row.number === number)
        .toSorted((a, b) => a.rung - b.rung)
        .map((row) => ({
          x: row.budget!.amount,
          y: row.metric,
          shown: `${row.budget!.amount} ${unit}, ${metricText(metric.name, row.metric)}`,
        })),
    })),
  };
}
