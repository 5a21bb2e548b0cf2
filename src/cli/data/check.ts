// `ft data check`: judges data files, with a recipe or without one; exit 4 when a finding is an error.
import type { Command } from "commander";
import { exitCodes } from "../../errors.js";
import { writeJson } from "../io.js";
import type { CommandContext } from "../program.js";
import type { CheckFlags } from "./input.js";

interface Flags extends CheckFlags {
  json?: boolean;
}

export function registerDataCheck(data: Command, { io, exit }: CommandContext): void {
  data
    .command("check")
    .description("check data files: format, roles, duplicates, leakage; length and loss mask when the model is here")
    .argument(
      "[files...]",
      "training files, folders, patterns, hf://datasets/org/name, or - for stdin (default: those of the recipe)",
    )
    .option("--recipe <file>", "recipe whose data and model to check (default: ft.yaml, when it is here)")
    .option("--eval <file>", "held-out rows, which must share nothing with the training rows")
    .option("--format <name>", "row format: auto, messages, preference, ... (docs/data.md)")
    .option("--columns <name=own>", "the file's own name of a column: prompt=question (again for each column)", collect)
    .option("--roles <own=role>", "what one of its roles stands for: bot=assistant (again for each role)", collect)
    .option("--objective <name>", "what the rows are for: sft, dpo, kto, grpo, ... (default: as in the recipe)")
    .option("--model <folder>", "model folder, for the rules that need its tokenizer and template")
    .option("--max-length <tokens>", "tokens a row may have", Number)
    .option("--as <engine>", "whose loss mask to judge: trl, axolotl, unsloth (default: the recipe's engine, or trl)")
    .option("--json", "print {ok, files, rows, findings, ...}")
    .action(async (files: string[], flags: Flags) => {
      const { planCheck } = await import("./input.js");
      const { checkDataset } = await import("../../dataset/check-dataset.js");
      const input = await planCheck(io, files, flags);
      const { rowProgress } = await import("./row-progress.js");
      const progress = rowProgress(io, "checking");
      const report = await checkDataset({ ...input, onProgress: progress.show }).finally(progress.clear);
      const { checkText } = await import("./check-text.js");
      const { isTTY, columns } = io.out;
      if (flags.json) writeJson(io, report);
      else io.out.write(checkText(report, { color: isTTY && !io.env.NO_COLOR, width: isTTY ? columns : Infinity }));
      if (!report.ok) exit(exitCodes.data.code);
    });
}

function collect(given: string, before: string[] = []): string[] {
  return [...before, given];
}
