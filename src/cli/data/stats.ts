// `ft data stats`: what is in the data, in one pass; as text, JSON or a page.
import type { Command } from "commander";
import { writeJson } from "../io.js";
import { outputName } from "../output-name.js";
import type { CommandContext } from "../program.js";
import type { CheckFlags } from "./input.js";
import { rowOptions } from "./row-options.js";

interface Flags extends CheckFlags {
  json?: boolean;
  html?: string;
}

export function registerDataStats(data: Command, { io }: CommandContext): void {
  rowOptions(data.command("stats"))
    .description("what is in the data: rows, turns, lengths, tokens, languages, tools, labels, copies")
    .argument("[files...]", "training files (default: those of the recipe)")
    .option("--recipe <file>", "recipe whose data and model to look at (default: ft.yaml, when it is here)")
    .option("--model <folder>", "model folder, for lengths in tokens and the trained share")
    .option("--max-length <tokens>", "tokens a sequence keeps", Number)
    .option("--as <engine>", "whose sequences to count: trl, axolotl, unsloth (default: the recipe's engine, or trl)")
    .option("--html <file>", "write one self-contained page with plots", outputName)
    .option("--json", "print the figures")
    .action(async (files: string[], flags: Flags) => {
      const { planCheck } = await import("./input.js");
      const { collectStats } = await import("../../dataset/stats/collect-stats.js");
      const { passOverRows } = await import("./row-progress.js");
      const input = await planCheck(io, files, flags);
      const { filesRead, refuseReports } = await import("./report-file.js");
      await refuseReports(io, [{ kind: "html", flag: "--html", file: flags.html }], filesRead(input));
      const pass = await passOverRows(io, "counting", (onProgress) => collectStats({ ...input, onProgress }));
      const stats = pass.result();
      if (flags.json) writeJson(io, stats);
      const { statsReport } = await import("../views/data-stats.js");
      const { presentReport } = await import("./present-report.js");
      const title = files.length > 0 ? files.join(", ") : (flags.recipe ?? "ft.yaml");
      await presentReport(io, statsReport(stats, title), flags);
    });
}
