// The text of a new recipe: about 20 lines, each saying what it is for. It is read back by loadRecipe before anyone sees it.
import { stringify } from "yaml";
import type { EngineName, Recipe } from "./schema.js";

export interface NewRecipe {
  name: string;
  base: string;
  method: Recipe["method"]["type"];
  engine: EngineName;
  /** Relative to the recipe. */
  data: string;
  template?: string | undefined;
  /** Told as a comment beside the base: it is not what was asked for. */
  notice?: string | null;
}

export function writeRecipe(recipe: NewRecipe): string {
  const { name, base, method, engine, data, template, notice } = recipe;
  const adapter = method !== "full";
  const lines: (Line | null)[] = [
    { text: `# yaml-language-server: $schema=${schemaFile}`, why: "" },
    { text: `name: ${scalar(name)}`, why: "names the runs and the adapter line" },
    null,
    ...(notice ? wrap(notice).map((text) => ({ text: `# ${text}`, why: "" })) : []),
    { text: "model:", why: "" },
    { text: `  base: ${scalar(base)}`, why: "alias, hub id, folder or .gguf file" },
    {
      text: `  template: ${scalar(template ?? "auto")}`,
      why: "chat template: auto (the model's own), a built-in, or a .jinja file",
    },
    { text: `method: ${method}`, why: methodWhy[method] },
    { text: "objective: sft", why: "or dpo, orpo, kto, simpo, cpo, reward, grpo" },
    null,
    { text: "data:", why: "" },
    {
      text: `  train: ${scalar(data)}`,
      why: "a file, folder, pattern or Hub dataset, or a list of them to mix (docs/data.md)",
    },
    { text: "  eval_fraction: 0.1", why: "held out from it, never trained on (or: eval: <file>)" },
    null,
    {
      text: "# What is not said ft chooses by model and data; `ft recipe explain` says what and why. To choose yourself:",
      why: "",
    },
    ...(adapter ? [{ text: `# method: { type: ${method}, rank: 16 }`, why: "" }] : []),
    { text: `# train: { epochs: 2, learning_rate: ${adapter ? "1.0e-4" : "1.0e-5"}, batch_size: 16 }`, why: "" },
    { text: "train:", why: "" },
    { text: "  save_every: 50", why: "steps between checkpoints" },
    { text: `engine: ${engine}`, why: "the trainer that ft drives" },
  ];
  const width = Math.min(44, Math.max(...lines.map((line) => (line?.why ? line.text.length : 0))));
  const body = lines.map((line) =>
    line ? `${line.text.padEnd(width)}${line.why ? `  # ${line.why}` : ""}`.trimEnd() : "",
  );
  return `${body.join("\n")}\n`;
}

/** Where editors find the schema, relative to the recipe: `ft init` and `ft schema --write` put it there. */
export const schemaFile = ".ft/recipe.schema.json";

interface Line {
  text: string;
  why: string;
}

const methodWhy: Record<NewRecipe["method"], string> = {
  full: "all weights are trained",
  lora: "a small adapter is trained, the base stays as it is",
  qlora: "a small adapter on a 4-bit base: least memory",
};

/** Quoted where YAML needs it. */
function scalar(value: string): string {
  return stringify(value, { lineWidth: 0 }).trimEnd();
}

function wrap(text: string, width = 100): string[] {
  return text.split(" ").reduce<string[]>((lines, word) => {
    const last = lines.at(-1);
    if (last !== undefined && last.length + word.length < width) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
    return lines;
  }, []);
}
