// `ft engines ls|keys|diff`: names and flags; each action is a file of its own in src/cli/engines/.
import { type Command, Option } from "commander";
import type { CommandContext } from "./program.js";

const objectives = ["sft", "dpo", "orpo", "kto", "simpo", "cpo", "reward", "grpo"];

export function registerEngines(program: Command, context: CommandContext): void {
  const engines = program
    .command("engines")
    .description("engines that train: versions, their keys, what an upgrade changes");

  engines
    .command("ls")
    .description("list the engines, their pinned versions and what each can do")
    .option("--json", "print JSON")
    .action(async (flags) => (await import("./engines/ls.js")).lsCommand(context, flags));

  engines
    .command("keys <engine> [key]")
    .description("list the keys of an engine's own config (axolotl, or axolotl@0.19.0); one key in full")
    .addOption(new Option("--objective <name>", "keys of this objective's trainer").choices(objectives).default("sft"))
    .option("--scope <name>", "another part of the table: a plugin of axolotl, a function of unsloth")
    .option("--json", "print JSON")
    .action(async (engine, key, flags) => (await import("./engines/keys.js")).keysCommand(context, engine, key, flags));

  engines
    .command("diff <from> <to> [recipe]")
    .description(
      "show what another version changes (axolotl@0.19.0 axolotl@0.21.0), first for a recipe (ft.yaml, when it is here)",
    )
    .option("--json", "print JSON")
    .action(async (from, to, recipe, flags) =>
      (await import("./engines/diff.js")).diffCommand(context, { from, to, recipe }, flags),
    );
}
