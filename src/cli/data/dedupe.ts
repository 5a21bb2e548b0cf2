// `ft data dedupe`: writes the rows without those that repeat an earlier one.
import { type Command, Option } from "commander";
import type { Likeness } from "../../dataset/curate/dedupe.js";
import type { CommandContext } from "../program.js";
import { type CurateFlags, curate, curateCommand } from "./curate-command.js";

interface Flags extends CurateFlags {
  by: Likeness;
}

export function registerDataDedupe(data: Command, { io }: CommandContext): void {
  curateCommand(data, "dedupe", "write the rows without those that repeat an earlier one")
    .addOption(
      new Option("--by <likeness>", "what counts as the same: exact; loose: but for case and spaces; near: MinHash")
        .choices(["exact", "loose", "near"])
        .default("near"),
    )
    .action((files: string[], flags: Flags) =>
      curate(io, files, flags, async ({ source, onBytes }) => {
        const { dedupe } = await import("../../dataset/curate/dedupe.js");
        return dedupe(source, flags.by, onBytes);
      }),
    );
}
