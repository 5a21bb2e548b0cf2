// `ft sweep show`: the trials as their runs are now, whether or not an ft drives the sweep.
import { isLocked } from "../../file-lock.js";
import { lookAtTrial } from "../../pipeline/sweeps/look-at-trial.js";
import { runnerUp } from "../../pipeline/sweeps/runner-up.js";
import type { TrialRow } from "../../pipeline/sweeps/standing.js";
import { isOver } from "../../pipeline/sweeps/standing.js";
import { findRecord, listRecords, type SweepRecord, sweepLock } from "../../pipeline/sweeps/sweep-record.js";
import { listRuns } from "../../runs/run-store.js";
import { presentReport } from "../data/present-report.js";
import { writeJson } from "../io.js";
import type { CommandContext } from "../program.js";
import { withRuns } from "../runs/with-runs.js";
import { sweepReport } from "../views/sweep-report.js";
import { sweepJson } from "./run.js";

export async function showCommand(
  { io }: CommandContext,
  asked: string,
  flags: { json?: boolean; html?: string },
): Promise<void> {
  const record = findRecord(listRecords(io.cwd), asked);
  const trials = await withRuns(io, async (store) => {
    const known = new Set(store ? listRuns(store).map(({ id }) => id) : []);
    const { metric } = record;
    const look = async (row: TrialRow): Promise<TrialRow> =>
      store && row.run !== null && row.state !== "succeeded" && known.has(row.run)
        ? lookAtTrial({ ...row, run: row.run }, { store, projectDir: io.cwd, metric, now: io.now() })
        : row;
    return Promise.all(record.trials.map(look));
  });
  const isDriven = await isLocked(sweepLock(io.cwd, record.id));
  const shown: SweepRecord = { ...record, trials };
  const second = runnerUp(io.cwd, trials, record.metric);
  if (flags.json) writeJson(io, { ok: true, sweep: { ...sweepJson(shown, trials, second), isDriven } });
  await presentReport(io, sweepReport(shown, second), flags);
  if (isDriven) io.err.write("an ft drives this sweep now\n");
  else if (!trials.every(isOver)) io.err.write("no ft drives this sweep: repeat the command that began it to go on\n");
}
