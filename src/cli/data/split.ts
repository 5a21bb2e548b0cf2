// `ft data split`: writes training and held-out rows, with what belongs together on one side.
import { type Command, InvalidArgumentError } from "commander";
import { outputName } from "../output-name.js";
import type { CommandContext } from "../program.js";
import { type CurateFlags, curate, curateCommand } from "./curate-command.js";

interface Flags extends CurateFlags {
  evalOut: string;
  fraction: number;
  stratify?: string;
  group?: string;
  near: boolean;
}

export function registerDataSplit(data: Command, { io }: CommandContext): void {
  curateCommand(
    data,
    "split",
    "write training and held-out rows; copies, answers to one prompt and near duplicates stay together",
  )
    .requiredOption("--eval-out <file>", "JSON lines to write: the rows that are held out", outputName)
    .option("--fraction <share>", "of the rows that are held out", share, 0.1)
    .option("--stratify <key>", "the same share of each value of a column, or of @answer, @system, @file")
    .option("--group <key>", "rows with the same value stay together, for example one customer's")
    .option("--no-near", "near duplicates may be on both sides")
    .action((files: string[], flags: Flags) =>
      curate(io, files, flags, async ({ source, onBytes }) => {
        const { split } = await import("../../dataset/curate/split.js");
        const { keyOf } = await import("../../dataset/curate/curate-rows.js");
        const { fraction, stratify, group, near, seed } = flags;
        const keys = { ...(stratify && { stratify: keyOf(stratify) }), ...(group && { group: keyOf(group) }) };
        return split(source, { fraction, near, seed, ...keys }, onBytes);
      }),
    );
}

function share(text: string): number {
  const value = Number(text);
  if (!(value > 0 && value < 1)) throw new InvalidArgumentError("give a share between 0 and 1, for example 0.1.");
  return value;
}
