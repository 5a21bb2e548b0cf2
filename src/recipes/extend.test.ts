// Recipes that build on others, and values from the environment.
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, it } from "vitest";
import { emptyFolder } from "../../test/project.js";
import type { FtError } from "../errors.js";
import { type LoadedRecipe, loadRecipe } from "./load.js";

const base = `name: base
model: { base: smollm2-135m, template: my.jinja }
method: { type: lora, rank: 8 }
data: { train: rows.jsonl }
train:
  epochs: 2
  seed: 7
`;

function load(
  files: Record<string, string>,
  options: { sets?: string[]; env?: Record<string, string> } = {},
): LoadedRecipe {
  const cwd = emptyFolder();
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(cwd, name)), { recursive: true });
    writeFileSync(join(cwd, name), text);
  }
  return loadRecipe("ft.yaml", { cwd, env: {}, ...options });
}

function failure(...given: Parameters<typeof load>): FtError {
  try {
    load(...given);
  } catch (error) {
    return error as FtError;
  }
  throw new Error("it loaded");
}

it("takes what it does not say from the recipe it extends, key by key", () => {
  const { recipe } = load({ "base.yaml": base, "ft.yaml": "extends: ./base.yaml\nname: mine\ntrain: { epochs: 3 }\n" });
  expect(recipe).toMatchObject({ name: "mine", method: { rank: 8 }, train: { epochs: 3, seed: 7 } });
});

it("replaces what it inherits by the other way to say it, or leaves it open again", () => {
  const by = (change: string) => load({ "base.yaml": base, "ft.yaml": `extends: ./base.yaml\ntrain: ${change}\n` });
  const steps = by("{ max_steps: 5 }");
  expect([steps.recipe.train.max_steps, steps.isWritten(["train", "epochs"])]).toEqual([5, false]);
  const open = by("{ epochs: }");
  expect([open.isWritten(["train", "epochs"]), open.recipe.train.seed]).toEqual([false, 7]);
});

it("reads paths from the folder of the file that says them", () => {
  const { recipe } = load({
    "team/base.yaml": base,
    "ft.yaml": "extends: team/base.yaml\ndata: { eval: held-out.jsonl }\n",
  });
  expect(recipe.data).toMatchObject({ train: [{ path: "./team/rows.jsonl" }], eval: ["held-out.jsonl"] });
  expect(recipe.model.template).toBe("./team/my.jinja");
});

it("keeps an adapter's shape between lora and qlora, and starts afresh with another objective or all weights", () => {
  const dpo = `${base}objective: { type: dpo, loss: ipo }\n`;
  const by = (change: string) => load({ "base.yaml": dpo, "ft.yaml": `extends: ./base.yaml\n${change}\n` }).recipe;
  expect(by("method: qlora").method).toMatchObject({ type: "qlora", rank: 8 });
  expect(by("method: full").method.type).toBe("full");
  expect(by("objective: { beta: 0.5 }").objective).toMatchObject({ type: "dpo", beta: 0.5, loss: "ipo" });
  expect(by("objective: kto").objective).toMatchObject({ type: "kto", beta: 0.1 });
});

it("says in which file a mistake stands", () => {
  const wrong = base.replace("epochs: 2", "epoch: 2");
  const error = failure({ "base.yaml": wrong, "ft.yaml": "extends: ./base.yaml\ntrain: { seeds: 1 }\n" });
  expect(error.problems.map(({ message, where }) => [message, where?.file.split("/").at(-1), where?.line])).toEqual([
    ["unknown key train.seeds", "ft.yaml", 2],
    ["unknown key train.epoch", "base.yaml", 6],
  ]);
});

it.each([
  ["./nowhere.yaml", "there is no file"],
  ["no-such-built-in", "no built-in recipe has this name"],
  ["./ft.yaml", "it leads back to itself"],
  ["3", "it is not a text"],
])("extends: %s is refused: %s", (name, why) => {
  const error = failure({ "ft.yaml": `extends: ${name}\n${base}` });
  expect(error).toMatchObject({ code: "recipe.extends", exit: "recipe", why: expect.stringContaining(why) });
});

it("--set goes over what is extended, also below a short form there", () => {
  const files = { "base.yaml": base.replace("{ type: lora, rank: 8 }", "lora"), "ft.yaml": "extends: ./base.yaml\n" };
  expect(load(files, { sets: ["method.rank=4", "train.seed=1"] }).recipe).toMatchObject({
    method: { type: "lora", rank: 4 },
    train: { seed: 1 },
  });
});

/** A reference to an environment variable, as a recipe writes it. */
const ref = (name: string) => `$\{${name}}`;

it("fills in the environment: numbers stay numbers, quoted text stays text, and what is missing has its default", () => {
  const text = base
    .replace("name: base", `name: cost-${ref("WHO")}-1`)
    .replace("seed: 7", `seed: ${ref("SEED")}\n  learning_rate: ${ref("LR:-3e-4")}\nobjective: "${ref("KIND")}"`);
  const { recipe } = load({ "ft.yaml": text }, { env: { SEED: "5", KIND: "sft", WHO: "me" } });
  expect(recipe).toMatchObject({
    name: "cost-me-1",
    train: { seed: 5, learning_rate: 3e-4 },
    objective: { type: "sft" },
  });
});

it("names every variable that is not set, and keeps secrets out", () => {
  const text = base.replace("seed: 7", `seed: ${ref("SEED")}`).replace("rows.jsonl", `"${ref("HF_TOKEN")}"`);
  const error = failure({ "ft.yaml": text }, { env: { HF_TOKEN: "hf_secret" } });
  expect(error.problems.map(({ message, where }) => `${where?.line} ${message}`)).toEqual([
    "4 HF_TOKEN looks like a secret, and a recipe is stored and shown",
    "7 the environment has no SEED",
  ]);
  expect(JSON.stringify(error)).not.toContain("hf_secret");
});

it("fills in the environment between the braces of a map too", () => {
  const train = `train: { epochs: ${ref("EPOCHS:-2.5")}, seed: ${ref("SEED")} } # ${ref("NOT_READ")}`;
  const { recipe } = load({ "ft.yaml": base.replace(/train:\n[\s\S]*$/, `${train}\n`) }, { env: { SEED: "9" } });
  expect(recipe.train).toMatchObject({ epochs: 2.5, seed: 9 });
});
