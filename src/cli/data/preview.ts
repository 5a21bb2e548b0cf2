// `ft data preview`: rows as an engine gets them, token by token; as text, JSON or a page.
import { type Command, InvalidArgumentError, Option } from "commander";
import type { RowChoice } from "../../dataset/preview/pick-rows.js";
import { exitCodes } from "../../errors.js";
import { writeJson } from "../io.js";
import { outputName } from "../output-name.js";
import type { CommandContext } from "../program.js";
import type { CheckFlags } from "./input.js";
import { rowOptions } from "./row-options.js";

interface Flags extends CheckFlags {
  row?: RowChoice;
  rows?: RowChoice;
  find?: string;
  tokens?: boolean;
  diff?: string;
  fromRun?: string;
  html?: string;
  json?: boolean;
}

export function registerDataPreview(data: Command, { io, exit }: CommandContext): void {
  rowOptions(data.command("preview"))
    .description("rows as the engine gets them: rendered text, what is trained, what is cut")
    .argument("[files...]", "training files (default: those of the recipe)")
    .option("--recipe <file>", "recipe whose data, model and engine to look at (default: ft.yaml, when it is here)")
    .option("--row <n>", "the n-th row (default: the first)", oneRow)
    .addOption(new Option("--rows <a-b>", "the rows from a to b").argParser(rowRange).conflicts("row"))
    .addOption(new Option("--find <text>", "the first rows that hold a text").conflicts(["row", "rows"]))
    .option("--tokens", "one box a token, with its id and spaces to be seen")
    .option("--as <engine>", "trl, axolotl, unsloth (default: the recipe's engine, or trl)")
    .addOption(
      new Option("--diff <engines>", "what engines do differently, for example trl,axolotl").conflicts([
        "as",
        "tokens",
      ]),
    )
    .addOption(
      new Option(
        "--from-run <id>",
        "what a run really trained, against the prediction; exit 4 where they differ",
      ).conflicts([
        ...[
          "row",
          "rows",
          "find",
          "tokens",
          "as",
          "diff",
          "model",
          "recipe",
          "format",
          "columns",
          "roles",
          "maxLength",
          "objective",
        ],
      ]),
    )
    .option("--objective <name>", "what the rows are for: sft, dpo, orpo, kto, ... (default: as in the recipe)")
    .option("--model <folder>", "model folder, for its tokenizer and template")
    .option("--max-length <tokens>", "tokens a sequence keeps", Number)
    .option("--html <file>", "write one self-contained page, with each token's id to point at", outputName)
    .option("--json", "print the rows with their tokens")
    .action(async (files: string[], flags: Flags) => {
      const page = { kind: "html", flag: "--html", file: flags.html } as const;
      const { filesRead, refuseReports } = await import("./report-file.js");
      if (flags.fromRun !== undefined) {
        await refuseReports(io, [page], []);
        const { previewRun } = await import("./preview-run.js");
        if (!(await previewRun(io, flags.fromRun, flags))) exit(exitCodes.data.code);
        return;
      }
      const { planCheck } = await import("./input.js");
      const { previewRows, compareRows, shownRow } = await import("./preview-rows.js");
      const input = await planCheck(io, files, flags);
      await refuseReports(io, [page], filesRead(input));
      const choice = flags.row ?? flags.rows ?? (flags.find === undefined ? { from: 1, to: 1 } : { find: flags.find });
      if (flags.diff !== undefined) {
        const { presentReport } = await import("./present-report.js");
        const { json, report } = await compareRows(input, choice, flags.diff);
        if (flags.json) writeJson(io, json);
        await presentReport(io, report, flags);
        return;
      }
      const rows = await previewRows(input, choice);
      if (flags.json) writeJson(io, { rows: rows.map(shownRow) });
      const { presentPreview } = await import("./present-preview.js");
      await presentPreview(io, rows, flags);
    });
}

function oneRow(text: string): RowChoice {
  const row = Number(text);
  if (!Number.isInteger(row) || row < 1) throw new InvalidArgumentError("give the number of a row, from 1 on.");
  return { from: row, to: row };
}

function rowRange(text: string): RowChoice {
  const [, from, to] = /^(\d+)-(\d+)$/.exec(text)?.map(Number) ?? [];
  if (!from || !to || to < from) throw new InvalidArgumentError("give the first and the last row, for example 1-5.");
  return { from, to };
}
