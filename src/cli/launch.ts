// `ft launch targets`: where runs can be executed.
import type { Command } from "commander";
import { exitCodes } from "../errors.js";
import { writeJson } from "./io.js";
import type { CommandContext } from "./program.js";

export function registerLaunch(program: Command, { io, exit }: CommandContext): void {
  const launch = program.command("launch").description("where runs can be executed (ft run --on)");

  launch
    .command("targets")
    .description("list the targets of targets.yaml, and the launchers that need no settings")
    .option("--check", "ask each of targets.yaml whether it answers and what is there")
    .option("--json", "print JSON")
    .action(async (flags: { check?: boolean; json?: boolean }) => {
      const { listTargets } = await import("../pipeline/list-targets.js");
      const { file, targets } = await listTargets(io.env, { check: flags.check ?? false });
      const isWrong = targets.some(({ settings }) => settings === null);
      if (isWrong) exit(exitCodes.usage.code);
      else if (targets.some(({ problem }) => problem !== null)) exit(exitCodes.environment.code);
      if (flags.json) return writeJson(io, { ok: true, file, targets });
      const { plainTable } = await import("./views/plain-table.js");
      const hasMore = flags.check || isWrong;
      const last = flags.check ? "what is there" : "problem";
      const columns = ["target", "launcher", "where", ...(hasMore ? [last] : [])].map((head) => ({ head }));
      const rows = targets.map(({ name, launcher, where, found, problem }) => [
        ...[name, launcher, where],
        ...(hasMore ? [problem ?? found ?? ""] : []),
      ]);
      io.out.write(`${plainTable(columns, rows).join("\n")}\n`);
      io.err.write(`run on one: ft run --on <target>; more of them: ${file} (docs/launching.md)\n`);
    });
}
