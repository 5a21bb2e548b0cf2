// `ft init`: writes ft.yaml for a base model and a method; asks for what is missing when a person is there.
import { type Command, InvalidArgumentError, Option } from "commander";
import { FtError } from "../errors.js";
import type { EngineName } from "../recipes/schema.js";
import { isInteractive, writeJson } from "./io.js";
import type { CommandContext } from "./program.js";

interface Flags {
  base?: string;
  method?: "full" | "lora" | "qlora";
  engine: EngineName;
  data?: string;
  template?: string;
  name?: string;
  from?: string;
  gpus?: number;
  force?: boolean;
  json?: boolean;
}

export function registerInit(program: Command, { io }: CommandContext): void {
  program
    .command("init")
    .description("write a recipe, ft.yaml, for a base model and a method")
    .option("--base <model>", "alias (smollm2-135m, qwen3-8b, ...), hub id, folder or .gguf file")
    .addOption(new Option("--method <method>", "what is trained").choices(["full", "lora", "qlora"]))
    .addOption(
      new Option("--engine <engine>", "the trainer that ft drives")
        .choices(["trl", "axolotl", "unsloth"])
        .default("trl"),
    )
    .option(
      "--data <file>",
      "training rows: a file, folder, pattern or hf://datasets/org/name (default data/train.jsonl)",
    )
    .option("--template <name>", "chat template: a built-in name or a .jinja file (default: the model's own)")
    .option("--name <name>", "name of the runs and the adapter (default: the folder's)")
    .option(
      "--from <file>",
      "make it from a config of Axolotl, TRL, LLaMA-Factory or Oumi, or an Unsloth script or notebook",
    )
    .addOption(new Option("--gpus <n>", "with --from: GPUs that the config ran on").argParser(parseGpus))
    .option("--force", "replace an ft.yaml that is here")
    .option("--json", "print the result as JSON")
    .action(async (flags: Flags) => {
      const { initRecipe, refuseExisting } = await import("../recipes/init.js");
      if (!flags.force) refuseExisting(io.cwd);
      if (flags.gpus !== undefined && flags.from === undefined) throw onlyWithFrom();
      if (flags.from !== undefined) return (await import("./init-from.js")).initFrom(io, flags.from, flags);
      const { base, method, data: rows = "data/train.jsonl" } = await complete(flags);
      const { resolveModel } = await import("../models/resolve.js");
      const { findHubId } = await import("../models/catalogue.js");
      const { readTemplate } = await import("../models/template.js");
      const model = resolveModel(base, { cwd: io.cwd, env: io.env });
      if (flags.template) readTemplate(flags.template, { dir: null, cwd: io.cwd });
      if (model.notice) io.err.write(`notice: ${model.notice}\n`);
      const { file, name } = initRecipe({
        dir: io.cwd,
        base: model.notice ? (findHubId(model.id)?.alias ?? model.id) : base,
        method,
        engine: flags.engine,
        data: rows,
        template: flags.template,
        name: flags.name,
        notice: model.notice,
        force: flags.force ?? false,
      });
      if (flags.json) return writeJson(io, { ok: true, file, name, base: model.id, notice: model.notice });
      io.out.write(`wrote ${file}\n`);
      const isThere = await areThere(rows, io.cwd);
      io.err.write(
        `\nnext: ${isThere ? "" : `put your rows into ${rows}, then\n      `}ft data check   what is wrong with the data\n      ft run          train, evaluate, register\n`,
      );
    });

  /** Flags, then answers, else an error that names what is missing. */
  async function complete(flags: Flags): Promise<Required<Pick<Flags, "base" | "method">> & Pick<Flags, "data">> {
    const { base, method, data } = flags;
    if (base && method) return { base, method, ...(data ? { data } : {}) };
    if (isInteractive(io)) {
      const { askInit } = await import("./views/ask-init.js");
      return askInit(io, flags);
    }
    const missing = [base ? "" : "--base", method ? "" : "--method"].filter(Boolean).join(" and ");
    throw new FtError({
      code: "usage.missing",
      exit: "usage",
      message: `ft init needs ${missing}`,
      next: "for example: ft init --base smollm2-135m --method lora --data my.jsonl",
    });
  }
}

/** A dataset of the Hub is fetched when it is needed. */
async function areThere(rows: string, cwd: string): Promise<boolean> {
  const { isHubAddress } = await import("../dataset/hub/address.js");
  const { expandPath } = await import("../dataset/sources/expand-path.js");
  return isHubAddress(rows) || expandPath(rows, cwd).then(Boolean, () => false);
}

function parseGpus(text: string): number {
  const gpus = Number(text);
  if (Number.isInteger(gpus) && gpus > 0) return gpus;
  throw new InvalidArgumentError("it is a number of GPUs, 1 or more.");
}

function onlyWithFrom(): FtError {
  return new FtError({
    code: "usage.init",
    exit: "usage",
    message: "--gpus says on how many GPUs a config ran, and there is no --from",
    next: "set compute.gpus in the recipe",
  });
}
