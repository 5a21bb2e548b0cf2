// `ft sweep show`: the trials as their runs are now, whether or not an ft drives the sweep.
import { isLocked } from "../../file-lock.js";
import { lookAtSweep } from "../../pipeline/sweeps/look-at-trial.js";
import { runnerUp } from "../../pipeline/sweeps/runner-up.js";
import { isOver } from "../../pipeline/sweeps/standing.js";
import { findRecord, listRecords, type SweepRecord, sweepLock } from "../../pipeline/sweeps/sweep-record.js";
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
  const trials = await withRuns(io, (store) =>
    store ? lookAtSweep(store, record, { projectDir: io.cwd, now: io.now() }) : record.trials,
  );
  const isDriven = await isLocked(sweepLock(io.cwd, record.id));
  const shown: SweepRecord = { ...record, trials };
  const second = runnerUp(io.cwd, trials, record.metric);
  if (flags.json) writeJson(io, { ok: true, sweep: { ...sweepJson(shown, trials, second), isDriven } });
  await presentReport(io, sweepReport(shown, second), flags);
  if (isDriven) io.err.write("an ft drives this sweep now\n");
  else if (!trials.every(isOver)) io.err.write("no ft drives this sweep: repeat the command that began it to go on\n");
}
