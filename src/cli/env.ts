// `ft env create|ls|rm`: the environments of engines, and of programs that evaluate.
import type { Command } from "commander";
import type { EnvironmentMarker } from "../engines/env/marker.js";
import { writeJson } from "./io.js";
import type { CommandContext } from "./program.js";

export function registerEnv(program: Command, { io }: CommandContext): void {
  const environments = program
    .command("env")
    .description("make, list and remove the environments of engines, and of programs that evaluate");

  environments
    .command("create [name]")
    .description(
      "make an environment for this machine, or find it ready: trl (default), axolotl, axolotl@0.19.0, lm-eval, promptfoo ...",
    )
    .option("--json", "print the environment as JSON")
    .action(async (asked: string | undefined, flags: { json?: boolean }) => {
      const { lockedEngines, promptfoo, requireEngine, suitePrograms } = await import("../engines/env/engine-lock.js");
      const { ensureEnvironment } = await import("../engines/env/ensure-environment.js");
      const { ensurePromptfoo } = await import("../engines/env/ensure-promptfoo.js");
      const { progressLines } = await import("./progress-lines.js");
      const { interruptible } = await import("./interruptible.js");
      const pinned = requireEngine(asked ?? "trl", [...lockedEngines(), ...suitePrograms]);
      const progress = progressLines(io);
      const made = await interruptible(async (signal) => {
        const options = { env: io.env, onProgress: progress.report, signal };
        if (pinned !== promptfoo) return ensureEnvironment(pinned, options);
        return { ...(await ensurePromptfoo(options)), notice: null };
      }).finally(progress.end);
      if (made.notice) io.err.write(`note: ${made.notice}\n`);
      if (flags.json) writeJson(io, { ok: true, environment: made });
      else io.out.write(`${made.name}\n  ${"python" in made ? made.python : `${made.node} ${made.script}`}\n`);
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
        const facts = marker ? versionsOf(marker) : "half-made; rebuilt when needed";
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

function versionsOf({ python, torch, node }: EnvironmentMarker): string {
  const versions = Object.entries({ python, torch, node }).filter(([, version]) => version !== null);
  return versions.map(([name, version]) => `${name} ${version}`).join("  ");
}
