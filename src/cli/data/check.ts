// `ft data check`: judges data files, with a recipe or without one; exit 4 when a finding is an error.
import { type Command, InvalidArgumentError } from "commander";
import { exitCodes } from "../../errors.js";
import { outputName } from "../output-name.js";
import type { CommandContext } from "../program.js";
import { collect } from "../render.js";
import type { CheckFlags } from "./input.js";
import { rowOptions } from "./row-options.js";

interface Flags extends CheckFlags {
  json?: boolean;
  sarif?: string | true;
  junit?: string | true;
}

export function registerDataCheck(data: Command, { io, exit }: CommandContext): void {
  rowOptions(data.command("check"))
    .description("check data files: format, roles, duplicates, leakage; length and loss mask when the model is here")
    .argument(
      "[files...]",
      "training files, folders, patterns, hf://datasets/org/name, or - for stdin (default: those of the recipe)",
    )
    .option("--recipe <file>", "recipe whose data and model to check (default: ft.yaml, when it is here)")
    .option("--eval <file>", "held-out rows, which must share nothing with the training rows")
    .option("--objective <name>", "what the rows are for: sft, dpo, kto, grpo, ... (default: as in the recipe)")
    .option("--model <folder>", "model folder, for the rules that need its tokenizer and template")
    .option("--max-length <tokens>", "tokens a row may have", Number)
    .option("--as <engine>", "whose loss mask to judge: trl, axolotl, unsloth (default: the recipe's engine, or trl)")
    .option(
      "--rule <id=severity>",
      "off, info, warning or error, for a rule or a family: DUP001=error, QUAL*=off",
      collect,
    )
    .option("--against <file>", "items of a benchmark, which the rows must not hold (may be given again)", collect)
    .option("--ngram <words>", "words in a row that count as the same (default 13)", wholeNumber)
    .option("--share <part>", "part of an item that a row must hold, 0 to 1 (default 0: one run of words)", part)
    .option("--baseline <file>", "findings that are known: only others are told")
    .option("--write-baseline", "write today's findings into the baseline")
    .option("--sarif [file]", "SARIF 2.1.0, into the file or in place of the text", outputName)
    .option("--junit [file]", "JUnit XML, into the file or in place of the text", outputName)
    .option("--json", "print {ok, files, rows, findings, ...}")
    .action(async (files: string[], flags: Flags) => {
      const { planCheck } = await import("./input.js");
      const { checkDataset } = await import("../../dataset/check-dataset.js");
      const input = await planCheck(io, files, flags);
      const { presentCheck, refuseOutputs } = await import("./present-check.js");
      await refuseOutputs(io, input, flags);
      const { passOverRows } = await import("./row-progress.js");
      const report = await passOverRows(io, "checking", (onProgress) => checkDataset({ ...input, onProgress }));
      await presentCheck(io, report, flags);
      if (!report.ok && !flags.writeBaseline) exit(exitCodes.data.code);
    });
}

function wholeNumber(text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= 5 && value <= 50) return value;
  throw new InvalidArgumentError("It is not a whole number from 5 to 50.");
}

function part(text: string): number {
  const value = Number(text);
  if (text.trim() !== "" && value >= 0 && value <= 1) return value;
  throw new InvalidArgumentError("It is not a number from 0 to 1.");
}
