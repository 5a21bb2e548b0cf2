// `ft env create|ls|rm`: the engines' Python environments.
import type { Command } from "commander";
import { writeJson } from "./io.js";
import type { CommandContext } from "./program.js";

export function registerEnv(program: Command, { io }: CommandContext): void {
  const environments = program.command("env").description("make, list and remove the engines' Python environments");

  environments
    .command("create [engine]")
    .description(
      "make an engine's environment for this machine, or find it ready: trl (default), axolotl, axolotl@0.19.0 ...",
    )
    .option("--json", "print the environment as JSON")
    .action(async (engine: string | undefined, flags: { json?: boolean }) => {
      const { requireEngine } = await import("../engines/env/engine-lock.js");
      const { ensureEnvironment } = await import("../engines/env/ensure-environment.js");
      const { progressLines } = await import("./progress-lines.js");
      const { interruptible } = await import("./interruptible.js");
      const name = requireEngine(engine ?? "trl");
      const progress = progressLines(io);
      const made = await interruptible((signal) =>
        ensureEnvironment(name, { env: io.env, onProgress: progress.report, signal }),
      ).finally(progress.end);
      if (made.notice) io.err.write(`note: ${made.notice}\n`);
      if (flags.json) writeJson(io, { ok: true, environment: made });
      else io.out.write(`${made.name}\n  ${made.python}\n`);
    });

  environments
    .command("ls")
    .description("list environments")
    .option("--json", "print JSON")
    .action(async (flags: { json?: boolean }) => {
      const { listEnvironments } = await import("../engines/env/list-environments.js");
      const listed = await listEnvironments(io.env);
      if (flags.json) {
        const rows = listed.map(({ name, dir, marker }) => ({ name, dir, ready: marker !== null, ...marker }));
        writeJson(io, { ok: true, environments: rows });
        return;
      }
      if (listed.length === 0) io.err.write("no environments yet: ft env create\n");
      const width = Math.max(0, ...listed.map(({ name }) => name.length));
      for (const { name, marker } of listed) {
        const facts = marker ? `python ${marker.python}  torch ${marker.torch}` : "half-made; rebuilt when needed";
        io.out.write(`${name.padEnd(width)}  ${facts}\n`);
      }
    });

  environments
    .command("rm <name>")
    .description("remove an environment")
    .option("--json", "print JSON")
    .action(async (name: string, flags: { json?: boolean }) => {
      const { removeEnvironment } = await import("../engines/env/list-environments.js");
      const removed = await removeEnvironment(name, io.env);
      if (flags.json) writeJson(io, { ok: true, removed: { name: removed.name, dir: removed.dir } });
      else io.err.write(`removed ${removed.name}\n`);
    });
}
