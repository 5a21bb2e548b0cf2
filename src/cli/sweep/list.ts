// `ft sweep ls`: how many trials are over and which is best, as their runs are now.
import { isLocked } from "../../file-lock.js";
import { lookAtSweep } from "../../pipeline/sweeps/look-at-trial.js";
import { bestOf, isOver } from "../../pipeline/sweeps/standing.js";
import { listRecords, sweepLock } from "../../pipeline/sweeps/sweep-record.js";
import { writeJson } from "../io.js";
import type { CommandContext } from "../program.js";
import { withRuns } from "../runs/with-runs.js";
import { timestamp } from "../views/format.js";
import { plainTable } from "../views/plain-table.js";
import { metricName, metricText } from "../views/sweep-words.js";

export async function listCommand({ io }: CommandContext, flags: { json?: boolean }): Promise<void> {
  const sweeps = await withRuns(io, async (store) => {
    const listed = [];
    for (const record of listRecords(io.cwd)) {
      const trials = store ? await lookAtSweep(store, record, { projectDir: io.cwd, now: io.now() }) : record.trials;
      const best = bestOf(trials, record.metric.goal);
      listed.push({ ...record, trials, best, isDriven: await isLocked(sweepLock(io.cwd, record.id)) });
    }
    return listed;
  });
  if (flags.json) return writeJson(io, { ok: true, sweeps });
  if (sweeps.length === 0) return void io.err.write("no sweeps yet; start one: ft sweep\n");
  const heads = ["sweep", "method", "trials", "best", "adapter", "started", ""].map((head) => ({ head }));
  const rows = sweeps.map(({ id, method, trials, metric, best, createdAt, isDriven }) => [
    ...[id, method, `${trials.filter(isOver).length}/${trials.length}`],
    best ? `${metricName(metric.name)} ${metricText(metric.name, best.metric)}` : "",
    ...[best?.adapter ?? "", timestamp(createdAt), isDriven ? "goes on" : ""],
  ]);
  io.out.write(`${plainTable(heads, rows).join("\n")}\n`);
}
