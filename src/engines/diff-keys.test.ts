// Differences of key tables, and which of them concern a recipe.
import { expect, it } from "vitest";
import { diffKeys, diffTables, relevantChanges } from "./diff-keys.js";
import { type Keys, keyTable } from "./key-table.js";
import { renderedKeys } from "./rendered-keys.js";

const before: Keys = {
  gone: { type: "int" },
  mode: { type: "str | None", default: "a", enum: ["a", "b"] },
  nested: { type: "Nested", keys: { on: { type: "bool", default: false } } },
  same: { type: "int | None", default: [1], enum: [1, 2] },
};
const after: Keys = {
  mode: { type: "None | str", default: "b", enum: ["b", "a", "c"], unused: true },
  nested: { type: "Nested", keys: { on: { type: "bool", default: true }, size: { type: "int" } } },
  new: { type: "int" },
  same: { type: "None | int", default: [1], enum: [2, 1] },
};

it("names what came, went and changed, nested keys too; order is no change", () => {
  expect(diffKeys(before, after).map(({ path, change }) => `${path} ${change}`)).toEqual([
    "gone removed",
    "mode default",
    "mode enum",
    "mode unused",
    "nested.on default",
    "nested.size added",
    "new added",
  ]);
});

it("what concerns a recipe: keys that it writes, and defaults that it leaves to the engine", () => {
  const changes = diffKeys(before, after);
  const paths = (written: string[]) => {
    const { written: own, reliedOn } = relevantChanges(changes, new Set(written));
    return [own, reliedOn].map((list) => list.map(({ path, change }) => `${path} ${change}`));
  };
  expect(paths(["gone", "mode"])).toEqual([["gone removed", "mode enum", "mode unused"], []]);
  expect(paths([])).toEqual([[], ["mode default"]]);
  expect(paths(["mode", "nested", "nested.size"])[1]).toEqual(["nested.on default"]);
});

it("the two pinned versions of Axolotl differ in real keys", () => {
  const changes = diffTables(keyTable("axolotl", "0.19.0"), keyTable("axolotl", "0.21.0"));
  const of = (path: string) => changes.filter((each) => each.path === path).map(({ change }) => change);
  expect(of("eval_on_start")).toEqual(["added"]);
  expect(of("fsdp")).toEqual(["removed"]);
  expect(of("ring_attn_func")).toEqual(["unused"]);
  expect(of("learning_rate")).toEqual([]);
  expect(diffTables(keyTable("trl", "1.16.0"), keyTable("trl", "1.16.0"))).toEqual([]);
});

it("the arguments of Unsloth's script are below their calls", () => {
  const script =
    'import x\n\nMODEL = {\n    "model_name": "model",\n    "max_seq_length": 8,\n}\n\nrows = {"train": 1}\n';
  expect([...renderedKeys({ files: { "config/train_unsloth.py": script } })]).toEqual([
    "from_pretrained",
    "from_pretrained.model_name",
    "from_pretrained.max_seq_length",
  ]);
});

it("the keys of a rendering are those of its YAML files; a list's objects count as one", () => {
  const files = {
    "config/axolotl.yaml": "base_model: model\ndatasets:\n  - path: a\n  - type: b\n",
    "config/accelerate.yaml": "num_machines: 1\n",
    "config/evaluate.json": '{"model": 1}',
  };
  expect([...renderedKeys({ files })]).toEqual(["base_model", "datasets", "datasets.path", "datasets.type"]);
});
