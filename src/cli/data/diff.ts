// `ft data diff`: what changed between two versions of the data, for nightly jobs; as text, JSON, Markdown or a page.
import type { Command } from "commander";
import { exitCodes } from "../../errors.js";
import { writeJson } from "../io.js";
import { outputName } from "../output-name.js";
import type { CommandContext } from "../program.js";
import type { CheckFlags } from "./input.js";
import { rowOptions } from "./row-options.js";

interface Flags extends CheckFlags {
  json?: boolean;
  html?: string;
  markdown?: boolean;
  exitCode?: boolean;
  key?: string;
}

export function registerDataDiff(data: Command, { io, exit }: CommandContext): void {
  rowOptions(data.command("diff"))
    .description(
      "what changed between two versions of the data: rows added, removed, changed; lengths and labels that moved",
    )
    .argument("<old>", "the data before")
    .argument("<new>", "the data after")
    .option(
      "--key <column>",
      "rows with the same value in it are one row (a.b for nested ones); default: with the same prompt",
    )
    .option("--model <folder>", "model folder, to compare lengths in tokens too")
    .option("--markdown", "print Markdown, for the comment of a nightly job")
    .option("--html <file>", "write one self-contained page with plots", outputName)
    .option("--exit-code", "end with 9 when nothing changed")
    .option("--json", "print {rows, examples, drift, ...}")
    .action(async (before: string, after: string, flags: Flags) => {
      const { planCheck } = await import("./input.js");
      const { diffDatasets } = await import("../../dataset/diff/diff-datasets.js");
      const { passOverRows } = await import("./row-progress.js");
      const input = async (file: string) => {
        const planned = await planCheck(io, [file], flags);
        // Not the recipe's model: counting tokens is slow, so it wants to be asked for.
        return { ...planned, model: flags.model === undefined ? null : planned.model };
      };
      const [old, fresh] = [await input(before), await input(after)];
      const { filesRead, refuseReports } = await import("./report-file.js");
      const inputs = [...filesRead(old), ...filesRead(fresh)];
      await refuseReports(io, [{ kind: "html", flag: "--html", file: flags.html }], inputs);
      const diff = await passOverRows(io, "comparing", (onProgress) =>
        diffDatasets({ ...old, onProgress }, { ...fresh, onProgress }, flags.key),
      );
      const { diffReport, isSame } = await import("../views/data-diff.js");
      const { presentReport } = await import("./present-report.js");
      if (flags.json) writeJson(io, diff);
      await presentReport(io, diffReport(diff, { before, after }), flags);
      if (flags.exitCode && isSame(diff)) exit(exitCodes.unchanged.code);
    });
}
