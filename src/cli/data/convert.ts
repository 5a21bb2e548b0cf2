// `ft data convert`: writes the rows in the form that another tool or platform reads.
import { type Command, InvalidArgumentError, Option } from "commander";
import type { Droppable } from "../../dataset/convert/strip.js";
import type { TargetName } from "../../dataset/convert/targets.js";
import { visibleLine } from "../../report/visible.js";
import { writeJson } from "../io.js";
import { outputName } from "../output-name.js";
import type { CommandContext } from "../program.js";
import { type CurateFlags, outputFiles, whileReading } from "./curate-command.js";
import { rowOptions } from "./row-options.js";

interface Flags extends Omit<CurateFlags, "seed"> {
  to: TargetName;
  drop?: Set<Droppable>;
  skip?: boolean;
}

const names: TargetName[] = [
  ...(["messages", "alpaca", "sharegpt", "trl", "axolotl"] as const),
  ...(["openai", "together", "fireworks", "bedrock", "vertex"] as const),
];

export function registerDataConvert(data: Command, { io }: CommandContext): void {
  rowOptions(data.command("convert"))
    .description("write the rows in the form that another tool or platform reads")
    .argument("[files...]", "data files (default: the training files of the recipe)")
    .addOption(new Option("--to <target>", "form to write").choices(names).makeOptionMandatory())
    .requiredOption("--out <file>", "JSON lines to write", outputName)
    .option(
      "--drop <parts>",
      "take out what has no place there: ids,reasoning,weight,name,chat_template_kwargs,empty_system",
      parts,
    )
    .option("--skip", "leave out rows that cannot be written, and list them in --dropped")
    .option("--dropped <file>", "with --skip: JSON lines to write (default <out>.dropped.jsonl)", outputName)
    .option("--recipe <file>", "recipe whose data to use (default: ft.yaml, when it is here)")
    .option("--force", "replace files that are there")
    .option("--json", "print {rows, written, dropped, reasons, unwritten, files}")
    .action(async (files: string[], flags: Flags) => {
      const { planCheck } = await import("./input.js");
      const { targets } = await import("../../dataset/convert/targets.js");
      const { convertRows } = await import("../../dataset/convert/convert-rows.js");
      const input = await planCheck(io, files, flags);
      const { kept: out, dropped } = outputFiles(io, flags, input);
      const { to, drop = new Set<Droppable>(), skip = false } = flags;
      const target = await targets[to]();
      const converted = await whileReading(io, (onBytes) =>
        convertRows(input, { target, to, drop, skip, out, dropped }, onBytes),
      );
      if (converted.unwritten.length > 0) io.err.write(`note: ${unwrittenText(converted.unwritten)}\n`);
      if (flags.json) return writeJson(io, { ok: true, ...converted, files: skip ? { out, dropped } : { out } });
      io.out.write(
        `${converted.written.toLocaleString("en")} ${converted.written === 1 ? "row" : "rows"} written for ${to}: ${out}\n`,
      );
      if (converted.dropped > 0) io.out.write(`${converted.dropped.toLocaleString("en")} left out: ${dropped}\n`);
    });
}

/** The first ten. */
function unwrittenText(columns: readonly string[]): string {
  const named = columns.slice(0, 10).map((column) => visibleLine(JSON.stringify(column)));
  const more = columns.length > 10 ? `, and ${columns.length - 10} more` : "";
  return `columns that are no part of a conversation are not written: ${named.join(", ")}${more}`;
}

function parts(text: string): Set<Droppable> {
  const asked = text.split(",").map((part) => part.trim());
  const unknown = asked.find((part) => !isDroppable(part));
  if (unknown !== undefined) throw new InvalidArgumentError(`"${unknown}" is none of ${[...known].join(", ")}.`);
  return new Set(asked.filter(isDroppable));
}

const known = new Set<Droppable>(["ids", "reasoning", "weight", "name", "chat_template_kwargs", "empty_system"]);

function isDroppable(part: string): part is Droppable {
  return known.has(part as Droppable);
}
