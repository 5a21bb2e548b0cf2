// The words of a sweep: its trials' values, states and figures, as the table, the lines and the screen show them.
import type { TrialRow } from "../../pipeline/sweeps/standing.js";
import type { SweepMetric } from "../../pipeline/sweeps/sweep-metric.js";
import { lossText } from "./format.js";
import { oneLine } from "./one-line.js";

/** The last part of a key, or the whole where two end alike. */
export function shortKeys(keys: readonly string[]): Map<string, string> {
  const last = (key: string) => key.split(".").at(-1)!;
  return new Map(
    keys.map((key) => [key, keys.filter((other) => last(other) === last(key)).length > 1 ? key : last(key)]),
  );
}

/** 0.0003 -> "3e-4"; what ft chooses itself: "(open)". */
export function valueText(value: unknown): string {
  if (value === null || value === undefined) return "(open)";
  if (typeof value === "number")
    return value !== 0 && Math.abs(value) < 1e-3 ? value.toExponential().replace("e+", "e") : String(value);
  return oneLine(typeof value === "string" ? value : JSON.stringify(value));
}

/** "learning_rate 3e-4, rank 8". */
export function valuesText(values: TrialRow["values"]): string {
  const names = shortKeys(Object.keys(values));
  return Object.entries(values)
    .map(([key, value]) => `${names.get(key)} ${valueText(value)}`)
    .join(", ");
}

/** "3", in halving "3 (rung 2)". */
export function trialName({ number, rung, budget }: Pick<TrialRow, "number" | "rung" | "budget">): string {
  return budget === null ? String(number) : `${number} (rung ${rung})`;
}

const shares = ["exact_match", "json_valid", "preference_accuracy"];

export function metricText(metric: string, value: number | null): string {
  if (value === null) return "";
  return shares.includes(metric) ? `${(100 * value).toFixed(1)} %` : value < 0 ? value.toFixed(3) : lossText(value);
}

export function metricName(metric: string): string {
  return metric.replace("_", " ").replace("json", "JSON");
}

/** "loss, lower is better (the first of the recipe's eval.metrics)". */
export function metricWords({ name, goal, why }: SweepMetric): string {
  return `${metricName(name)}, ${goal === "minimize" ? "lower" : "higher"} is better (${why})`;
}

/** "training 40/60  loss 0.31". */
export function stateText({ state, phase, step, totalSteps, loss }: TrialRow): string {
  if (state === "succeeded") return "done";
  if (state === "refused") return "left out";
  if (state !== "running") return state;
  if (phase !== "training" || step === null) return phase ?? state;
  return `step ${step}${totalSteps ? `/${totalSteps}` : ""}${loss === null ? "" : `  loss ${lossText(loss)}`}`;
}

/** As `stateText`, but what a trial waits for: "waiting for 1 GPU: 0 is held by run ...". */
export function nowText(row: TrialRow): string {
  return row.state === "preparing" && row.reason !== null ? oneLine(row.reason) : stateText(row);
}
