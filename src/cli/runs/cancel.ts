// `ft runs cancel`.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { runsDir } from "../../paths.js";
import { cancelRun } from "../../pipeline/cancel-run.js";
import { writeJson } from "../io.js";
import type { CommandContext } from "../program.js";
import { withRunAsSeen } from "./with-runs.js";

export async function cancelCommand(
  { io }: CommandContext,
  asked: string,
  flags: { grace: number; force?: boolean; json?: boolean },
): Promise<void> {
  const { grace, force = false } = flags;
  await withRunAsSeen(io, asked, async (store, { id }, onAnswer) => {
    const onNotice = (text: string) => io.err.write(`note: ${text}\n`);
    const onStopping = () => {
      onAnswer();
      io.err.write(`stopping ${id}: waiting up to ${grace} s for its checkpoint ...\n`);
    };
    const options = { now: io.now, graceMs: grace * 1000, force, onNotice, onStopping };
    const run = await cancelRun(store, io.cwd, id, options);
    if (flags.json) return writeJson(io, { ok: true, run });
    io.out.write(`${id} ${run.state}${run.step === null ? "" : ` at step ${run.step}`}\n`);
    if (run.state !== "succeeded" && existsSync(join(runsDir(io.cwd), id)))
      io.err.write(`go on with it: ft runs resume ${id}\n`);
  });
}
