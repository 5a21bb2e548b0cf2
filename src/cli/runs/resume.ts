// `ft runs resume`.
import { resumeRun } from "../../pipeline/resume-run.js";
import { followToEnd } from "../follow-to-end.js";
import { writeJson } from "../io.js";
import { preparing } from "../preparing.js";
import type { CommandContext } from "../program.js";
import { withRun } from "./with-runs.js";

interface Flags {
  detach?: boolean;
  on?: string;
  ignoreBudget?: boolean;
  json?: boolean;
}

export async function resumeCommand(context: CommandContext, asked: string, flags: Flags): Promise<void> {
  const { io } = context;
  const id = await withRun(io, asked, async (store, run) => {
    const { ignoreBudget = false, on } = flags;
    await preparing(io, (prepare) =>
      resumeRun(store, io.cwd, run.id, { ...prepare, now: io.now }, { ignoreBudget, on }),
    );
    return run.id;
  });
  if (!flags.detach) return followToEnd(context, { projectDir: io.cwd, id, json: flags.json ?? false });
  if (flags.json) return writeJson(io, { ok: true, run: { id } });
  io.out.write(`${id}\n`);
  io.err.write(`training in the background: ft runs watch ${id}\n`);
}
