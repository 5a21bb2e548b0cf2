// `ft data fix [files]`: mended copies of data files, with a list of every change.
import { resolve } from "node:path";
import type { Command } from "commander";
import { writeJson } from "../io.js";
import { outputName } from "../output-name.js";
import type { CommandContext } from "../program.js";
import { rowOptions } from "./row-options.js";

interface Flags {
  out: string;
  format?: string;
  columns?: string[];
  roles?: string[];
  recipe?: string;
  drop?: boolean;
  maskPii?: boolean;
  json?: boolean;
}

export function registerDataFix(data: Command, { io }: CommandContext): void {
  rowOptions(data.command("fix"))
    .description(
      "write mended copies of data files as JSON lines: what is safe to mend, never in place; docs/rules.md says what",
    )
    .argument("[files...]", "data files (default: the training files of the recipe)")
    .requiredOption("--out <folder>", "where the copies and fixes.jsonl, the list of changes, are written", outputName)
    .option("--mask-pii", "put placeholders in place of personal data and secrets")
    .option("--drop", "leave out rows with errors that cannot be mended (they stay as they are otherwise)")
    .option("--recipe <file>", "recipe whose files to mend (default: ft.yaml, when it is here)")
    .option("--json", "print {files, changes, fixed, dropped, left}")
    .action(async (files: string[], flags: Flags) => {
      const { planCheck } = await import("./input.js");
      const { filesOf } = await import("../../dataset/dataset-facts.js");
      const { fixFiles } = await import("../../dataset/fix/fix-files.js");
      const { interruptible } = await import("../interruptible.js");
      const { drop = false, maskPii = false } = flags;
      const source = await planCheck(io, files, flags);
      const out = resolve(io.cwd, flags.out);
      const { again } = await import("./row-progress.js");
      const report = await interruptible(
        (signal) => fixFiles({ files: filesOf(source, "train"), out, drop, maskPii, signal }),
        again,
      );
      if (flags.json) writeJson(io, { ok: true, ...report });
      else io.out.write((await import("./fix-report-text.js")).fixReportText(report));
    });
}
