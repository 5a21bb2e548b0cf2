// `ft sweep ls`.
import { isLocked } from "../../file-lock.js";
import { bestOf, isOver } from "../../pipeline/sweeps/standing.js";
import { listRecords, sweepLock } from "../../pipeline/sweeps/sweep-record.js";
import { writeJson } from "../io.js";
import type { CommandContext } from "../program.js";
import { timestamp } from "../views/format.js";
import { plainTable } from "../views/plain-table.js";
import { metricName, metricText } from "../views/sweep-words.js";

export async function listCommand({ io }: CommandContext, flags: { json?: boolean }): Promise<void> {
  const sweeps = await Promise.all(
    listRecords(io.cwd).map(async (record) => ({
      ...record,
      best: bestOf(record.trials, record.metric.goal),
      isDriven: await isLocked(sweepLock(io.cwd, record.id)),
    })),
  );
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
