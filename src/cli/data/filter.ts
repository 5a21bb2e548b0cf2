// `ft data filter`: writes the rows that meet every condition.
import type { Command } from "commander";
import type { Condition } from "../../dataset/curate/filter.js";
import { FtError } from "../../errors.js";
import type { CommandContext } from "../program.js";
import { collect } from "../render.js";
import { type CurateFlags, type Curation, curate, curateCommand, wholeNumber } from "./curate-command.js";

interface Flags extends CurateFlags {
  minTurns?: number;
  maxTurns?: number;
  minChars?: number;
  maxChars?: number;
  minAnswerChars?: number;
  maxAnswerChars?: number;
  minTokens?: number;
  maxTokens?: number;
  where?: string[];
}

export function registerDataFilter(data: Command, { io }: CommandContext): void {
  curateCommand(data, "filter", "write the rows that meet every condition")
    .option("--min-turns <n>", "turns, system turns not counted", wholeNumber)
    .option("--max-turns <n>", "", wholeNumber)
    .option("--min-chars <n>", "characters of all turns together", wholeNumber)
    .option("--max-chars <n>", "", wholeNumber)
    .option("--min-answer-chars <n>", "characters of the last answer", wholeNumber)
    .option("--max-answer-chars <n>", "", wholeNumber)
    .option("--min-tokens <n>", "tokens of the longest sequence; needs a model", wholeNumber)
    .option("--max-tokens <n>", "", wholeNumber)
    .option(
      "--where <condition>",
      "column=value, != or ~regex or !~regex; @answer, @system, @file; repeatable",
      collect,
    )
    .option("--model <folder>", "model folder, to count tokens with")
    .action((files: string[], flags: Flags) =>
      curate(io, files, flags, async (curation) => {
        const { filter } = await import("../../dataset/curate/filter.js");
        return filter(curation.source, await conditionsOf(flags, curation), curation.onBytes);
      }),
    );
}

async function conditionsOf(flags: Flags, { tokensOf }: Curation): Promise<Condition[]> {
  const { atLeast, atMost, counts, parseCondition } = await import("../../dataset/curate/filter.js");
  const conditions = (flags.where ?? []).map(parseCondition);
  const bound = (name: string, count: Parameters<typeof atLeast>[1], least?: number, most?: number) => {
    if (least !== undefined) conditions.push(atLeast(name, count, least));
    if (most !== undefined) conditions.push(atMost(name, count, most));
  };
  bound("turns", counts.turns, flags.minTurns, flags.maxTurns);
  bound("characters", counts.chars, flags.minChars, flags.maxChars);
  bound("characters in the answer", counts.answerChars, flags.minAnswerChars, flags.maxAnswerChars);
  if (flags.minTokens !== undefined || flags.maxTokens !== undefined) {
    const tokens = await tokensOf();
    bound("tokens", ({ row }) => tokens(row), flags.minTokens, flags.maxTokens);
  }
  if (conditions.length === 0) throw noCondition();
  return conditions;
}

function noCondition(): FtError {
  return new FtError({
    code: "usage.no-condition",
    exit: "usage",
    message: "no condition given: every row would be kept",
    next: "give at least one, for example --max-tokens 2048 or --where 'category!=spam'",
  });
}
