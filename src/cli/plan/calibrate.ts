// `ft plan --calibrate`: fits the estimate to the runs of this machine, and shows how good it was and is.
import { calibrate } from "../../pipeline/calibrate.js";
import { writeJson } from "../io.js";
import type { CommandContext } from "../program.js";
import { withRuns } from "../runs/with-runs.js";
import { calibrationText } from "../views/calibration-text.js";

export async function calibrateCommand({ io }: CommandContext, flags: { json?: boolean }): Promise<void> {
  const machines = await withRuns(io, (store) => calibrate(store, { projectDir: io.cwd, env: io.env, now: io.now() }));
  if (flags.json) return writeJson(io, { ok: true, machines });
  io.out.write(calibrationText(machines));
}
