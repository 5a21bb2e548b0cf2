// `ft sweep`, `ft sweep ls|show`: names and flags; each action is a file of its own in src/cli/sweep/.
import { type Command, InvalidArgumentError, Option } from "commander";
import { outputName } from "./output-name.js";
import type { CommandContext } from "./program.js";
import { collect } from "./render.js";

export function registerSweep(program: Command, context: CommandContext): void {
  const sweep = program
    .command("sweep [file]")
    .description(
      "train a recipe with several values of its keys, and say which is best (a sweep's file, or a recipe with --key; default sweep.yaml, else ft.yaml)",
    )
    .option(
      "--key <key=values>",
      "try these: train.learning_rate=1e-4,3e-4 or 1e-5..1e-3:log or 4..64:int; repeatable",
      collect,
    )
    .addOption(new Option("--method <method>", "how trials are chosen").choices(["grid", "random", "halving"]))
    .option("--metric <name>", "judge by this figure of the evaluation; default the first of the recipe's eval.metrics")
    .addOption(new Option("--goal <goal>", "default: what is better for the metric").choices(["minimize", "maximize"]))
    .option("--trials <n>", "random, halving: how many; grid: how many at most", positive)
    .option("--seed <n>", "of the choice of trials (default 0)", wholeNumber)
    .option("--concurrency <n>", "trials that run at the same time (default 1)", positive)
    .option("--array", "on Slurm: submit the trials as one job array, which keeps to --concurrency without ft")
    .option("--rung-steps <n>", "halving: steps of a trial of the first rung", positive)
    .addOption(
      new Option("--rung-epochs <n>", "halving: epochs of one, in place of steps")
        .argParser(aboveZero)
        .conflicts("rungSteps"),
    )
    .option("--factor <n>", "halving: one in so many goes on, and trains so many times as long (default 3)", positive)
    .option("--set <key=value>", "change a key of the recipe for all trials; repeatable", collect)
    .option("--on <target>", "run there instead of where compute.on says (ft launch targets)")
    .option("--retry", "go on with trials that failed, were cancelled or are lost")
    .option("--apply", "write the best trial's values into the recipe")
    .option("--dry-run", "list the trials with their steps and time; nothing is started or written")
    .option("--ignore-fit", "train also what by the estimate does not fit the memory")
    .option("--ignore-budget", "leave compute.budget aside")
    .option("--json", "print the result as JSON")
    .action(async (file: string | undefined, flags) =>
      (await import("./sweep/run.js")).sweepCommand(context, file, flags),
    );

  sweep
    .command("ls")
    .description("list sweeps, newest first")
    .option("--json", "print JSON")
    .action(async (_, command) => (await import("./sweep/list.js")).listCommand(context, flagsOf(command)));

  sweep
    .command("show [sweep]")
    .description("how the trials of a sweep stand: its id, the beginning or end of one, or last")
    .option("--html <file>", "write one self-contained page with the table and the plots", outputName)
    .option("--json", "print JSON")
    .action(async (id, _, command) =>
      (await import("./sweep/show.js")).showCommand(context, id ?? "last", flagsOf(command)),
    );
}

/** `ft sweep` has --json too, and commander gives it what stands after a subcommand. */
function flagsOf(command: Command): { json?: boolean; html?: string } {
  return command.optsWithGlobals();
}

function positive(text: string): number {
  const value = wholeNumber(text);
  if (value > 0) return value;
  throw new InvalidArgumentError("It takes a number above 0.");
}

function wholeNumber(text: string): number {
  const value = Number(text);
  if (text.trim() !== "" && Number.isInteger(value) && value >= 0) return value;
  throw new InvalidArgumentError("It takes a whole number.");
}

function aboveZero(text: string): number {
  const value = Number(text);
  if (Number.isFinite(value) && value > 0) return value;
  throw new InvalidArgumentError("It takes a number above 0.");
}
