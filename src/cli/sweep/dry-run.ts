// `ft sweep --dry-run`: the trials, with steps and time as far as the plan knows them.
import { type EstimatedSweep, estimateSweep } from "../../pipeline/sweeps/estimate-sweep.js";
import type { SweepPlan } from "../../pipeline/sweeps/plan-sweep.js";
import type { Band } from "../../plan/memory/allocator.js";
import { type Io, writeJson } from "../io.js";
import { duration } from "../views/format.js";
import { plainTable } from "../views/plain-table.js";
import { metricWords, shortKeys, valueText } from "../views/sweep-words.js";

export async function dryRun(
  io: Io,
  plan: SweepPlan,
  { json = false, ...options }: { ignoreFit: boolean; ignoreBudget: boolean; json?: boolean | undefined },
): Promise<void> {
  const estimated = await estimateSweep(plan, { env: io.env, now: io.now() }, options);
  const { id, method, metric, rungs, settings } = plan;
  const { concurrency, array } = settings;
  if (json) return writeJson(io, { ok: true, plan: { id, method, metric, rungs, concurrency, array, ...estimated } });
  const keys = shortKeys(Object.keys(settings.keys));
  const right = "right" as const;
  const columns = [
    ...[{ head: "trial" }, ...[...keys.values()].map((head) => ({ head, align: right }))],
    ...[{ head: "steps", align: right }, { head: "takes" }, { head: "" }],
  ];
  const rows = estimated.trials.map(({ number, rung, values, steps, seconds, reason, times }) => [
    rung === 1 ? number : `rung ${rung}: best ${times}`,
    ...[...keys.keys()].map((key) => (rung === 1 ? valueText(values[key]) : "")),
    ...[steps ?? "", seconds ? span(seconds) : "", reason === null ? "" : `left out: ${reason}`],
  ]);
  const { seconds, usd } = estimated;
  const took = seconds ? span(inTurns(estimated.trials, concurrency)) : "not known before the base is here";
  const lines = [
    `sweep ${id}  ${method}, by ${metricWords(metric)}`,
    "",
    ...plainTable(columns, rows),
    "",
    `takes ${took}${concurrency > 1 ? `, ${concurrency} at a time` : ""}${array ? ", as one job array" : ""}${usd ? `; about $${usd.mid.toFixed(2)}` : ""}`,
    ...(rungs ? ["each rung trains anew, with its own number of steps (docs/sweeps.md says why)"] : []),
  ];
  io.out.write(`${lines.join("\n")}\n`);
}

/** So many at a time, each rung after the one before. */
function inTurns(trials: EstimatedSweep["trials"], atATime: number): Band {
  const total: Band = { low: 0, mid: 0, high: 0 };
  for (const rung of new Set(trials.map((trial) => trial.rung))) {
    const trained = trials.filter((trial) => trial.rung === rung && trial.seconds !== null);
    const count = trained.reduce((sum, { times }) => sum + times, 0);
    const turns = Math.ceil(count / atATime) / Math.max(1, count);
    for (const end of ["low", "mid", "high"] as const)
      total[end] += turns * trained.reduce((sum, { times, seconds }) => sum + times * seconds![end], 0);
  }
  return total;
}

function span({ low, mid, high }: Band): string {
  const text = (seconds: number) => duration(1000 * seconds);
  return `${text(mid)} (${text(low)} to ${text(high)})`;
}
