// A lock's choices for open keys: kept for as long as nothing that they were chosen from has changed.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { emptyFolder } from "../../test/project.js";
import { type ChoiceFacts, nothingKnown } from "./defaults.js";
import { chooseAsLocked } from "./keep-choices.js";
import { loadRecipe } from "./load.js";
import type { LockEntry } from "./lock-file.js";

const facts: ChoiceFacts = { ...nothingKnown, rows: 400, longestChars: 300 };

/** As an ft that chose two epochs would have locked it. */
const locked: LockEntry = {
  ft: "0.0.9",
  key: "",
  base: { asked: "acme/base", id: "acme/base", revision: "0".repeat(40) },
  template: { origin: "model", sha256: null },
  data: {},
  hub: {},
  files: {},
  engine: { name: "trl", version: "1.15.0", requirements: "" },
  recipe: { "model.base": "acme/base", "method.type": "lora", "train.learning_rate": 1e-5 },
  chosen: { "train.epochs": 2, "engine.version": "1.15.0" },
  chosenFrom: { rows: 400, longestChars: 300 },
};

function choose({ train = "learning_rate: 1.0e-5", now = facts, isSameBase = true } = {}) {
  const cwd = emptyFolder();
  const text = `name: n\nmodel: { base: acme/base }\nmethod: lora\ndata: { train: rows.jsonl }\nengine: trl\ntrain: { ${train} }\n`;
  writeFileSync(join(cwd, "ft.yaml"), text);
  return chooseAsLocked(loadRecipe("ft.yaml", { cwd, env: {} }), now, { locked, isSameBase });
}

test("the lock's choice is kept, and the explanation says so", () => {
  const { recipe, choices } = choose();
  expect(recipe.train.epochs).toBe(2);
  const reason = expect.stringContaining("ft.lock.json");
  expect(choices.find(({ key }) => key === "train.epochs")).toMatchObject({ value: 2, reason, source: null });
});

test("an engine's version that this ft no longer has is not kept", () => {
  expect(choose().recipe.engine).toEqual({ name: "trl", version: "1.16.0", overrides: {} });
});

test.each([
  ["another base", { isSameBase: false }, 3],
  ["other rows", { now: { ...facts, rows: 401 } }, 3],
  ["a longer row", { now: { ...facts, longestChars: 301 } }, 3],
  ["another recipe", { train: "learning_rate: 2.0e-5" }, 3],
  ["the key is written", { train: "learning_rate: 1.0e-5, epochs: 7" }, 7],
])("%s: chosen anew", (_, changes, epochs) => {
  expect(choose(changes).recipe.train.epochs).toBe(epochs);
});
