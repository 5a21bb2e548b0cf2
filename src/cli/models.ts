// `ft models ls|show`: choose a base model by licence, origin and the GPU it takes, and see what is known about one.
import { type Command, InvalidArgumentError, Option } from "commander";
import type { ModelFilter } from "../models/choose.js";
import { writeJson } from "./io.js";
import type { CommandContext } from "./program.js";

type Method = "full" | "lora" | "qlora";

export function registerModels(program: Command, { io }: CommandContext): void {
  const models = program.command("models").description("models to start from: ls, show");

  models
    .command("ls")
    .description("list the catalogue; filters combine")
    .option("--family <name>", "architecture: llama, qwen3, mistral, ...")
    .option("--licence <id>", "apache-2.0, mit, llama3.1, gemma, ...")
    .option("--commercial", "only licences that allow commercial use, conditions included")
    .option("--origin <country>", "where the publisher is: eu, us, cn, fr, ae")
    .option("--max-vram <GiB>", "only what one GPU of this size trains by the method", positiveNumber)
    .addOption(
      new Option("--method <method>", "what the memory is estimated for")
        .choices(["qlora", "lora", "full"])
        .default("qlora"),
    )
    .option("--max-params <billions>", "only models up to this size", positiveNumber)
    .option("--open", "only models that the Hub gives without an accepted licence")
    .option("--no-gated", "the same as --open")
    .option("--json", "print JSON")
    .action(async (flags: ModelFilter & { method: Method; gated: boolean; json?: boolean }) => {
      const { chooseModels } = await import("../models/choose.js");
      const { smallestTotal } = await import("../plan/smallest.js");
      const filter = { ...flags, open: flags.open || !flags.gated };
      const choice = chooseModels(filter, (shape) => smallestTotal(shape, flags.method));
      if (flags.json) return writeJson(io, { ok: true, method: flags.method, ...choice });
      const { modelLegend, modelTable, noModel } = await import("./views/models.js");
      if (choice.models.length === 0) return io.err.write(noModel(choice));
      io.out.write(modelTable(choice.models));
      io.err.write(modelLegend(flags.method));
    });

  models
    .command("show <model>")
    .description("show what is known about an alias, a hub id or a folder: facts, licence, GPU memory")
    .option("--json", "print JSON")
    .action(async (asked: string, flags: { json?: boolean }) => {
      const { modelCard } = await import("../models/model-card.js");
      const { interruptible } = await import("./interruptible.js");
      const card = await interruptible((signal) => modelCard(asked, { cwd: io.cwd, env: io.env, signal }));
      const { smallestMemory } = await import("../plan/smallest.js");
      const memory = smallestMemory(card.shape);
      if (flags.json) return writeJson(io, { ok: true, model: { ...card, memory } });
      if (card.notice) io.err.write(`notice: ${card.notice}\n\n`);
      const { modelText } = await import("./views/model-card.js");
      io.out.write(modelText(card, memory, Math.min(io.out.columns, 100)));
    });
}

function positiveNumber(typed: string): number {
  const value = Number(typed);
  if (!(value > 0 && Number.isFinite(value))) throw new InvalidArgumentError("give a number above zero.");
  return value;
}
