// `ft runs ls|show|watch|logs|cancel|resume|reindex`: names and flags; each action is a file of its own in src/cli/runs/.
import { type Command, InvalidArgumentError } from "commander";
import type { CommandContext } from "./program.js";

export function registerRuns(program: Command, context: CommandContext): void {
  const runs = program.command("runs").description("runs: list, look, watch, stop, resume");
  const run = "run id, the beginning or end of one, or last";

  runs
    .command("ls")
    .description("list runs, newest first")
    .option("--state <state>", "only those in this state")
    .option("--json", "print JSON")
    .action(async (flags) => (await import("./runs/list.js")).listCommand(context, flags));

  runs
    .command("show [run]")
    .description("all about a run")
    .option("--json", "print JSON")
    .action(async (id, flags) => (await import("./runs/show.js")).showCommand(context, id ?? "last", flags));

  runs
    .command("watch [run]")
    .description("watch a run until it ends, from its first event on")
    .option("--json", "print every update as a line of JSON")
    .action(async (id, flags) => (await import("./runs/watch.js")).watchCommand(context, id ?? "last", flags));

  runs
    .command("logs [run]")
    .description("what the trainer printed")
    .option("-n, --lines <n>", "only the last lines", wholeNumber)
    .option("-f, --follow", "go on until the run ends")
    .option("--json", "print {run, file, text} as JSON")
    .action(async (id, flags) => (await import("./runs/logs.js")).logsCommand(context, id ?? "last", flags));

  runs
    .command("cancel <run>")
    .description("stop a run with a checkpoint")
    .option("--grace <seconds>", "time for the checkpoint before it is killed", wholeNumber, 120)
    .option("--force", "give it up where its machine cannot be reached: what runs there may still run, and bill")
    .option("--json", "print JSON")
    .action(async (id, flags) => (await import("./runs/cancel.js")).cancelCommand(context, id, flags));

  runs
    .command("resume <run>")
    .description("go on from the last checkpoint")
    .option("--detach", "return as soon as the trainer runs")
    .option("--on <target>", "go on there; what it has is brought home first, and taken along")
    .option("--ignore-budget", "without the limits of compute.budget from now on")
    .option("--json", "print JSON")
    .action(async (id, flags) => (await import("./runs/resume.js")).resumeCommand(context, id, flags));

  runs
    .command("reap [runs...]")
    .description("list what of ft's is left on targets, and end what no run needs any more, after asking")
    .option("--on <target>", "look at this target only; default: those of targets.yaml and of this project's runs")
    .option("--yes", "do not ask")
    .option("--json", "print JSON; ends nothing without --yes")
    .action(async (ids, flags) => (await import("./runs/reap.js")).reapCommand(context, ids, flags));

  runs
    .command("reindex")
    .description("rebuild the store from the run folders")
    .option("--json", "print JSON")
    .action(async (flags) => (await import("./runs/reindex.js")).reindexCommand(context, flags));

  for (const command of runs.commands) {
    if (command.registeredArguments[0]?.variadic === false) command.registeredArguments[0]!.description = run;
  }
}

function wholeNumber(text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= 0) return value;
  throw new InvalidArgumentError("It takes a whole number.");
}
