// Loading recipes: every mistake at once with its place, and nothing that a file can hold makes it crash.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { emptyFolder } from "../../test/project.js";
import type { FtError } from "../errors.js";
import { loadRecipe } from "./load.js";

const good = `name: support
model:
  base: smollm2-135m
method: lora
data:
  train: rows.jsonl
`;

function load(text: string | Uint8Array, sets: string[] = []) {
  const cwd = emptyFolder();
  writeFileSync(join(cwd, "ft.yaml"), text);
  return loadRecipe("ft.yaml", { env: {}, cwd, sets });
}

function failure(text: string | Uint8Array, sets: string[] = []): FtError {
  try {
    load(text, sets);
  } catch (error) {
    return error as FtError;
  }
  throw new Error("it loaded");
}

/** "line:column message (fix)", a line each. */
function problems(text: string, sets: string[] = []): string[] {
  const error = failure(text, sets);
  expect(error).toMatchObject({ code: "recipe.invalid", exit: "recipe" });
  return error.problems.map(({ where, message, fix }) => {
    const place = where?.line ? `${where.line}:${where.column}` : where?.file;
    return `${place} ${message}${fix ? ` (${fix})` : ""}`;
  });
}

describe("loadRecipe", () => {
  it("fills in every default", () => {
    const { recipe, dir, file } = load(good);
    expect(recipe).toMatchObject({
      method: { type: "lora", rank: 16, alpha: 32 },
      objective: { type: "sft" },
      data: { train: [{ path: "rows.jsonl", weight: 1 }], eval_fraction: 0.1, format: "auto" },
      train: { epochs: 1, batch_size: 16, seed: 42 },
      engine: { name: "trl", version: "1.16.0", overrides: {} },
      compute: { on: "local", device: "auto" },
    });
    expect(file).toBe(join(dir, "ft.yaml"));
  });

  it("reports every mistake at once, each where it stands", () => {
    const text = `name: Support Bot
model:
  bsae: smollm2-135m
method: lorra
data:
  train: rows.jsonl
  eval_fraction: 2
train:
  epoch: 3
  batch_size: many
eval:
  metrics: [loss, f1]
`;
    expect(problems(text)).toEqual([
      "1:1 name: use lower-case letters, digits, '.', '_' and '-' (63 at most) (given: \"Support Bot\") (it is: names the runs and the adapter line)",
      "2:1 model.base is missing (it is: alias (smollm2-135m), hub id (org/name), folder, or .gguf file)",
      "3:3 unknown key model.bsae (did you mean base?)",
      '4:1 method.type cannot be "lorra" (did you mean lora? one of: full, lora, qlora)',
      "7:3 data.eval_fraction: expected number to be <=0.5 (given: 2) (it is: share of the rows held out when data.eval is not given)",
      "9:3 unknown key train.epoch (did you mean epochs?)",
      '10:3 train.batch_size: expected number, received string (given: "many") (it is: rows per optimizer step, over all GPUs; default by the objective and the number of rows)',
      '12:19 eval.metrics.1 cannot be "f1" (one of: loss, exact_match, json_valid, preference_accuracy, reward)',
    ]);
  });

  it.each([
    ["a seed that numpy refuses", `${good}train: { seed: 4294967296 }\n`, /^7:10 train.seed: .*4294967295/],
    ["no number", `${good}train: { learning_rate: .nan }\n`, /^7:10 train.learning_rate: .*given: NaN/],
    ["a list where a map belongs", `${good}train: [1]\n`, /^7:1 train: expected object, received array/],
    ["broken YAML", `${good}train: { epochs: 1\n`, /^8:1 /],
    ["a tab for indentation", "name: x\nmodel:\n\tbase: y\n", /^3:1 .*[Tt]ab/],
    ["a key given twice", `${good}name: again\n`, /^7:1 .*unique/],
    ["two documents", `${good}---\n${good}`, /^\d+:\d+ a second YAML document/],
  ])("%s", (_what, text, expected) => {
    expect(problems(text)[0]).toMatch(expected);
  });

  it.each([
    ["nothing", "", "not a map"],
    ["comments only", "# hello\n", "not a map"],
    ["a list", "- a\n- b\n", "not a map"],
    ["bytes", new Uint8Array([0xff, 0xfe, 0x00, 0x01]), "not UTF-8"],
    ["NUL bytes", "name: a\0b", "not UTF-8"],
    ["more than a recipe ever holds", `name: ${"x".repeat(2 ** 20)}`, "larger than 1 MiB"],
    ["an alias to nothing", `${good}train: *nowhere\n`, "nowhere"],
    [
      "an alias bomb",
      `a: &a [x,x,x,x,x,x,x,x,x]\n${[..."bcdefgh"].map((key, n) => `${key}: &${key} [${`*${"abcdefgh"[n]},`.repeat(9).slice(0, -1)}]`).join("\n")}\n`,
      "alias",
    ],
  ])("a file that holds %s is unreadable, quickly", (_what, text, why) => {
    expect(failure(text)).toMatchObject({
      code: "recipe.unreadable",
      exit: "recipe",
      why: expect.stringContaining(why),
    });
  });

  it("a file with countless syntax errors shows the first ones", () => {
    const error = failure(`a: ${"[".repeat(5_000)}`);
    expect(error).toMatchObject({ code: "recipe.invalid", why: "these are the first 20" });
    expect(error.problems).toHaveLength(20);
  });

  it("what the operating system refuses to read is named", () => {
    expect(() => loadRecipe("x".repeat(5_000), { env: {}, cwd: "/" })).toThrow(
      expect.objectContaining({ code: "recipe.unreadable", why: expect.stringContaining("ENAMETOOLONG") }),
    );
  });

  it("a folder and a missing file are told apart", () => {
    const cwd = emptyFolder();
    mkdirSync(join(cwd, "ft.yaml"));
    expect(() => loadRecipe("ft.yaml", { env: {}, cwd })).toThrow(
      expect.objectContaining({ code: "recipe.unreadable" }),
    );
    expect(() => loadRecipe("no.yaml", { env: {}, cwd })).toThrow(
      expect.objectContaining({ code: "recipe.missing", next: expect.stringContaining("ft init") }),
    );
  });
});

describe("--set", () => {
  it("changes values of every kind, below short forms and where nothing is written too", () => {
    const { recipe } = load(good, [
      "train.epochs=2.5",
      "method.rank=32",
      "engine.overrides.packing=true",
      "eval.metrics=[loss]",
      "name=other-name",
      "model.base=./a=b",
    ]);
    expect(recipe).toMatchObject({
      name: "other-name",
      model: { base: "./a=b" },
      method: { type: "lora", rank: 32 },
      train: { epochs: 2.5 },
      engine: { name: "trl", overrides: { packing: true } },
      eval: { metrics: ["loss"] },
    });
  });

  it("wins over the file, the last one over the first", () => {
    expect(load(good, ["method=qlora", "method=full"]).recipe.method.type).toBe("full");
  });

  it("a mistake in it is shown where it came from", () => {
    expect(problems(good, ["train.epohcs=2"])).toEqual([
      "--set train.epohcs=2 unknown key train.epohcs (did you mean epochs?)",
    ]);
    expect(problems(good, ["train.batch-size=4"])[0]).toMatch(/^--set .*did you mean batch_size/);
    expect(problems(good, ["train.foo.bar=1"])).toEqual([expect.stringMatching(/^--set train.foo.bar=1 unknown key/)]);
    expect(problems(good, ["train.seed=x", "train.seed=y"])).toEqual([expect.stringMatching(/^--set train.seed=y /)]);
    expect(problems(good, ["method=lorra"])[0]).toMatch(/^--set method=lorra .*cannot be "lorra".*did you mean lora/);
  });

  it.each(["epochs", "=2", "train..epochs=2", "train.epochs=[", "name.first=x", "data.train.x=1"])(
    "%s is a mistake of the command line",
    (typed) => {
      expect(failure(good, [typed])).toMatchObject({ code: "usage.set", exit: "usage" });
    },
  );

  it("does not make contradictions that are not written", () => {
    expect(load(good, ["train.max_steps=5"]).recipe.train.max_steps).toBe(5);
  });

  it("of two ways to say one thing, takes the one of --set over the one of the file", () => {
    const written = `${good}  eval: held-out.jsonl\ntrain: { epochs: 1 }\n`;
    const { recipe, isWritten } = load(written, ["train.max_steps=5", "data.eval_fraction=0.2"]);
    expect(recipe.train.max_steps).toBe(5);
    expect(recipe.data).toMatchObject({ eval_fraction: 0.2 });
    expect([isWritten(["train", "epochs"]), isWritten(["data", "eval"])]).toEqual([false, false]);
  });

  it("without a value leaves a key open", () => {
    const { recipe, isWritten } = load(`${good}train: { epochs: 7 }\n`, ["train.epochs=", "engine.overrides.dtype="]);
    expect(isWritten(["train", "epochs"])).toBe(false);
    expect(recipe.train.epochs).not.toBe(7);
    expect(recipe.engine.overrides).toEqual({ dtype: null });
  });
});

describe("contradictions", () => {
  const full = good.replace("method: lora", "method: { type: full, rank: 8 }");
  it.each<[string, string]>([
    [`${good}train: { batch_size: 10, micro_batch: 4 }\n`, "train.micro_batch does not divide train.batch_size"],
    [`${good}train: { max_steps: 5, epochs: 2 }\n`, "train.epochs has no effect beside train.max_steps"],
    [`${good}  eval: held.jsonl\n  eval_fraction: 0.2\n`, "data.eval_fraction has no effect beside data.eval"],
    [`${good}  eval: rows.jsonl\n`, "data.eval is the training file"],
    [`${good}  eval: ./rows.jsonl\n`, "data.eval is the training file"],
    [
      `${good}train: { scheduler: constant, warmup_ratio: 0.1 }\n`,
      "train.warmup_ratio has no effect with scheduler constant",
    ],
    [full, "method.rank has no effect with method full"],
    [
      good.replace("method: lora", "method: qlora\ntrain: { precision: fp16 }"),
      "train.precision cannot be fp16 with method qlora",
    ],
    [`${good}  eval_fraction: 0\ntrain: { eval_every: 5 }\n`, "train.eval_every has no effect"],
  ])("%#", (text, message) => {
    const found = problems(text);
    expect(found).toEqual([expect.stringContaining(message)]);
    expect(found[0]).toMatch(/^\d+:\d+ .*\(.+\)$/);
  });

  it("are told together with keys that are wrong by themselves, unless these decide what the others mean", () => {
    const text = `${good}  eval: rows.jsonl\ntrain: { epohcs: 1, batch_size: -1 }\n`;
    expect(problems(text)).toEqual([
      expect.stringContaining("data.eval is the training file"),
      expect.stringContaining("unknown key train.epohcs"),
      expect.stringContaining("train.batch_size"),
    ]);
    expect(problems(`${text}objective: { type: dop }\neval: { metrics: [preference_accuracy] }\n`)).toHaveLength(3);
  });

  it("all of them at once", () => {
    expect(problems(`${full}train: { batch_size: 10, micro_batch: 4, max_steps: 5, epochs: 2 }\n`)).toHaveLength(3);
  });
});
