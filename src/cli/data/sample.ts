// `ft data sample`: writes a random part of the rows, the same for the same seed.
import type { Command } from "commander";
import { FtError } from "../../errors.js";
import type { CommandContext } from "../program.js";
import { type CurateFlags, curate, curateCommand, wholeNumber } from "./curate-command.js";

interface Flags extends CurateFlags {
  rows?: number;
  tokens?: number;
  balance?: string;
}

export function registerDataSample(data: Command, { io }: CommandContext): void {
  curateCommand(data, "sample", "write a random part of the rows")
    .option("--rows <n>", "at most so many rows", wholeNumber)
    .option("--tokens <n>", "at most so many tokens together; needs a model", wholeNumber)
    .option("--balance <key>", "equally many rows of each value of a column, or of @answer, @system, @file")
    .option("--model <folder>", "model folder, to count tokens with")
    .action((files: string[], flags: Flags) =>
      curate(io, files, flags, async ({ source, onBytes, tokensOf }) => {
        const { rows, tokens, balance, seed } = flags;
        if (rows === undefined && tokens === undefined && balance === undefined) throw nothingAsked();
        const { sample } = await import("../../dataset/curate/sample.js");
        const { keyOf } = await import("../../dataset/curate/curate-rows.js");
        return sample(
          source,
          {
            seed,
            ...(rows !== undefined && { rows }),
            ...(balance !== undefined && { balance: keyOf(balance) }),
            ...(tokens !== undefined && { tokens, tokensOf: await tokensOf() }),
          },
          onBytes,
        );
      }),
    );
}

function nothingAsked(): FtError {
  return new FtError({
    code: "usage.no-size",
    exit: "usage",
    message: "nothing says how large the sample is",
    next: "give --rows, --tokens or --balance",
  });
}
