// `ft data pack`: how well the rows fill sequences, without packing and by each strategy; writes nothing.
import type { Command } from "commander";
import { writeJson } from "../io.js";
import type { CommandContext } from "../program.js";
import { noModel, whileReading } from "./curate-command.js";
import type { CheckFlags } from "./input.js";
import { rowOptions } from "./row-options.js";

interface Flags extends CheckFlags {
  json?: boolean;
}

export function registerDataPack(data: Command, { io }: CommandContext): void {
  rowOptions(data.command("pack"))
    .description("preview packing: sequences, how full they are, and what is cut, by strategy")
    .argument("[files...]", "data files (default: the training files of the recipe)")
    .option("--recipe <file>", "recipe whose data and model to use (default: ft.yaml, when it is here)")
    .option("--model <folder>", "model folder, to count tokens with")
    .option("--max-length <tokens>", "tokens a sequence may have", Number)
    .option("--json", "print {rows, tokens, maxLength, packings}")
    .action(async (files: string[], flags: Flags) => {
      const { planCheck } = await import("./input.js");
      const { tokenCounter } = await import("../../dataset/masks/count-tokens.js");
      const { packRows } = await import("../../dataset/curate/pack-rows.js");
      const input = await planCheck(io, files, flags);
      if (!input.model) throw noModel(input.whyNoModel);
      const { maxLength } = input.model;
      const tokensOf = await tokenCounter(input.model, input);
      const preview = await whileReading(io, (onBytes) => packRows(input, tokensOf, maxLength, onBytes));
      if (flags.json) return writeJson(io, { ok: true, ...preview });
      const { packText } = await import("../views/data-pack.js");
      io.out.write(packText(preview));
    });
}
