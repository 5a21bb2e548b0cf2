// One look at a trial's run: its state, how far it is, and once it succeeded its result, with the adapter registered.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { FtError } from "../../errors.js";
import { runsDir } from "../../paths.js";
import { preparingDetail } from "../../runs/ingest.js";
import { runLockSchema } from "../../runs/lock.js";
import { getRun, listRuns, type Run } from "../../runs/run-store.js";
import { isFinal } from "../../runs/state.js";
import type { Store } from "../../store/open.js";
import { finishRun } from "../finish-run.js";
import { reconcile } from "../reconcile.js";
import { whyNotEvaluated } from "../why-not-evaluated.js";
import { reasonOf } from "./planned-trial.js";
import type { TrialRow } from "./standing.js";
import type { SweepMetric } from "./sweep-metric.js";
import type { SweepRecord } from "./sweep-record.js";

/** The trials of a sweep as their runs are now, whether or not an ft drives it. The store is up to date. */
export function lookAtSweep(
  store: Store,
  { trials, metric }: Pick<SweepRecord, "trials" | "metric">,
  { projectDir, now }: { projectDir: string; now: number },
): Promise<TrialRow[]> {
  const known = new Set(listRuns(store).map(({ id }) => id));
  const look = async (row: TrialRow): Promise<TrialRow> =>
    row.run !== null && row.state !== "succeeded" && known.has(row.run)
      ? lookAtTrial({ ...row, run: row.run }, { store, projectDir, metric, now })
      : row;
  return Promise.all(trials.map(look));
}

/** A run that cannot be asked, or whose result cannot be read, is a trial with a reason, and no other trial's matter. */
export async function lookAtTrial(
  row: TrialRow & { run: string },
  { store, projectDir, metric, now }: { store: Store; projectDir: string; metric: SweepMetric; now: number },
): Promise<TrialRow> {
  let run: Run;
  let silence: string | null = null;
  try {
    const known = getRun(store, row.run);
    run = isFinal(known.state)
      ? known
      : await reconcile(store, projectDir, row.run, now, (why) => {
          silence = why;
        });
  } catch (error) {
    if (!(error instanceof FtError)) throw error;
    return { ...row, reason: reasonOf(error) };
  }
  const { state, phase, step, totalSteps, loss, failure } = run;
  const seen = { ...row, state, phase, step, totalSteps, loss };
  if (state !== "succeeded") return { ...seen, reason: failure?.message ?? silence ?? preparingDetail(store, run) };
  try {
    return { ...seen, ...(await resultOf(store, projectDir, row.run, metric.name)) };
  } catch (error) {
    // Its adapter is not home yet: it is as good as running, and the next look brings it.
    if (error instanceof FtError && error.code === "launcher.unreachable") return { ...row, reason: reasonOf(error) };
    const { message } = error as Error;
    return { ...seen, metric: null, reason: error instanceof FtError ? reasonOf(error) : message };
  }
}

async function resultOf(
  store: Store,
  projectDir: string,
  run: string,
  metric: string,
): Promise<Pick<TrialRow, "metric" | "base" | "adapter" | "measuredOn" | "reason">> {
  const { name, version, comparison } = await finishRun(store, projectDir, run);
  const found = comparison?.find((each) => each.metric === metric);
  const why = comparison === null ? whyNotEvaluated(projectDir, run) : `${metric} applies to none of its held-out rows`;
  return {
    metric: found?.adapter ?? null,
    base: found?.base ?? null,
    adapter: `${name}@${version}`,
    measuredOn: heldOutHash(join(runsDir(projectDir), run)),
    reason: found ? null : (why ?? "it was not evaluated"),
  };
}

function heldOutHash(runDir: string): string | null {
  const file = join(runDir, "lock.json");
  if (!existsSync(file)) return null;
  return runLockSchema.safeParse(JSON.parse(readFileSync(file, "utf8"))).data?.data.eval ?? null;
}
