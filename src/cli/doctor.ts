// `ft doctor`: what is on this machine, one line a thing, with the next step where there is one.
import type { Command } from "commander";
import { exitCodes } from "../errors.js";
import { writeJson } from "./io.js";
import type { CommandContext } from "./program.js";

const colours = { ok: 32, warn: 33, missing: 31 };

export function registerDoctor(program: Command, { io, exit }: CommandContext): void {
  program
    .command("doctor")
    .description("say what is on this machine, and what is missing")
    .option("--on <target>", "of that target instead (ft launch targets)")
    .option("--json", "print JSON")
    .action(async (flags: { on?: string; json?: boolean }) => {
      const checks = flags.on === undefined ? await here() : await there(flags.on);
      const ok = checks.every(({ status }) => status !== "missing");
      if (!ok) exit(exitCodes.environment.code);
      if (flags.json) {
        writeJson(io, { ok, checks });
        return;
      }
      const width = Math.max(...checks.map(({ name }) => name.length));
      for (const { name, status, detail, next } of checks) {
        const mark = status.padEnd("missing".length);
        const coloured = io.out.isTTY && !io.env.NO_COLOR ? `\x1b[${colours[status]}m${mark}\x1b[0m` : mark;
        io.out.write(`${coloured}  ${name.padEnd(width)}  ${detail}\n`);
        if (next) io.out.write(`${" ".repeat("missing".length + 2 + width + 2)}-> ${next}\n`);
      }
    });

  async function here() {
    const { diagnose } = await import("../engines/diagnose.js");
    return diagnose({ env: io.env, cwd: io.cwd });
  }

  async function there(name: string) {
    const { resolveTarget, wrongTargets } = await import("../launchers/targets.js");
    const { loadLauncher } = await import("../launchers/index.js");
    const { settings } = resolveTarget(name, io.env);
    for (const problem of wrongTargets(io.env)) io.err.write(`note: ${problem}\n`);
    return (await (await loadLauncher(settings.launcher)).probe(settings)).checks;
  }
}
