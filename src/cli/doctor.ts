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
    .option("--json", "print JSON")
    .action(async (flags: { json?: boolean }) => {
      const { diagnose } = await import("../engines/diagnose.js");
      const checks = await diagnose({ env: io.env, cwd: io.cwd });
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
}
