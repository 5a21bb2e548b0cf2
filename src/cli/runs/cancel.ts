// `ft runs cancel`.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { runsDir } from "../../paths.js";
import { cancelRun } from "../../pipeline/cancel-run.js";
import { isFinal } from "../../runs/state.js";
import { writeJson } from "../io.js";
import type { CommandContext } from "../program.js";
import { withRun } from "./with-runs.js";

export async function cancelCommand(
  { io }: CommandContext,
  asked: string,
  flags: { grace: number; force?: boolean; json?: boolean },
): Promise<void> {
  await withRun(io, asked, async (store, { id, state }) => {
    if (!isFinal(state)) io.err.write(`stopping ${id}: waiting up to ${flags.grace} s for its checkpoint ...\n`);
    const onNotice = (text: string) => io.err.write(`note: ${text}\n`);
    const { grace, force = false } = flags;
    const run = await cancelRun(store, io.cwd, id, { now: io.now, graceMs: grace * 1000, force, onNotice });
    if (flags.json) return writeJson(io, { ok: true, run });
    io.out.write(`${id} ${run.state}${run.step === null ? "" : ` at step ${run.step}`}\n`);
    if (run.state !== "succeeded" && existsSync(join(runsDir(io.cwd), id)))
      io.err.write(`go on with it: ft runs resume ${id}\n`);
  });
}
