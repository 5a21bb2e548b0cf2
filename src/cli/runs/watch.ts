// `ft runs watch`.
import { followToEnd } from "../follow-to-end.js";
import type { CommandContext } from "../program.js";
import { withRun } from "./with-runs.js";

export async function watchCommand(context: CommandContext, asked: string, flags: { json?: boolean }): Promise<void> {
  const { io } = context;
  const id = await withRun(io, asked, (_store, run) => run.id);
  await followToEnd(context, { projectDir: io.cwd, id, json: flags.json ?? false, stream: flags.json ?? false });
}
