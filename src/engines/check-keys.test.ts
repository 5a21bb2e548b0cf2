// Values against key tables: what is refused, why, and what passes.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { packageRoot } from "../paths.js";
import type { ObjectiveName } from "../recipes/schema.js";
import { checkKeys } from "./check-keys.js";
import { engineKeys, type Keys } from "./key-table.js";

function check(keys: Keys, values: Record<string, unknown>, objective?: ObjectiveName): string[] {
  const context = { engine: "Engine 1.0", prefix: "overrides", ...(objective ? { objective } : {}) };
  return checkKeys(keys, values, context).map(({ message, fix }) => `${message} (${fix})`);
}

const axolotl = (values: Record<string, unknown>, objective: ObjectiveName = "sft") =>
  check(engineKeys("axolotl", "0.21.0", objective), values, objective);

describe("keys", () => {
  it("that are unknown get the nearest name, at every depth", () => {
    expect(
      axolotl({ lora_rnak: 8, dynamic_checkpoint: { enabeld: true }, datasets: [{ path: "a" }, { pahts: "b" }] }),
    ).toEqual([
      "overrides.lora_rnak: Engine 1.0 has no key lora_rnak (did you mean lora_r?)",
      "overrides.dynamic_checkpoint.enabeld: Engine 1.0 has no key enabeld (did you mean enabled?)",
      "overrides.datasets[1].pahts: Engine 1.0 has no key pahts (did you mean path?)",
    ]);
  });

  it("that look like nothing get the list, or where it is", () => {
    expect(axolotl({ dynamic_checkpoint: { zzzzzzzz: 1 } })[0]).toContain("known here: check_interval, enabled");
    expect(axolotl({ constructor: 1 })[0]).toContain("`ft engines keys engine` lists them");
  });

  it("that the engine accepts and never reads are refused", () => {
    expect(axolotl({ lr_div_factor: 2 })).toEqual([
      "overrides.lr_div_factor: Engine 1.0 accepts this key and does nothing with it (remove it)",
    ]);
    expect(axolotl({ enable_jit_checkpoint: true })[0]).toContain("has no key");
  });

  it("that only another objective's trainer reads are refused", () => {
    expect(axolotl({ neftune_noise_alpha: 5 }, "sft")).toEqual([]);
    expect(axolotl({ neftune_noise_alpha: 5 }, "dpo")[0]).toContain("does nothing with it for dpo (only sft, reward");
    expect(axolotl({ datasets: [{ path: "a", roles_to_train: ["assistant"] }] }, "kto")[0]).toContain("for kto");
  });
});

describe("values", () => {
  const keys: Keys = {
    count: { type: "int", default: null },
    rate: { type: "float" },
    names: { type: "list[str] | None" },
    either: { type: "Literal['auto', 'a | b'] | bool | Literal[3]", enum: ["auto", "a | b"] },
    schedule: { type: "SchedulerType | str", enum: ["linear", "cosine"] },
    free: { type: "dict[str, Any] | str" },
    numbers: { type: "dict[str, int]" },
    nested: { type: "Nested | None", keys: { on: { type: "bool" } } },
    open: { type: "Nested | dict", keys: { on: { type: "bool" } } },
    unknown: { type: "SomethingElse" },
  };

  it.each([
    ...[{ count: 3 }, { count: null }, { rate: 1 }, { names: null }, { names: ["a"] }, { names: [] }],
    ...[{ either: "a | b" }, { either: false }, { either: 3 }, { schedule: "cosine" }, { free: { a: { b: 1 } } }],
    ...[{ numbers: { a: 1 } }, { nested: { on: true } }, { nested: null }, { open: { any: 1 } }, { unknown: 5 }],
  ])("%j fits", (values) => {
    expect(check(keys, values)).toEqual([]);
  });

  it.each([
    [{ count: 1.5 }, "wants: int"],
    [{ rate: "high" }, "wants: float"],
    [{ rate: null }, "wants: float"],
    [{ names: [1] }, "wants: list[str] | None"],
    [{ either: "atuo" }, "did you mean auto? one of: auto"],
    [{ schedule: "linaer" }, "did you mean linear? one of: linear, cosine"],
    [{ schedule: 3 }, "wants: SchedulerType | str"],
    [{ free: [1] }, "wants: dict[str, Any] | str"],
    [{ numbers: { a: "b" } }, "wants: dict[str, int]"],
    [{ nested: true }, "wants: Nested | None"],
    [{ nested: { on: 1 } }, "wants: bool"],
    [{ nested: { off: true } }, "known here: on"],
  ])("%j is refused", (values, reason) => {
    const problems = check(keys, values);
    expect(problems).toHaveLength(1);
    expect(problems[0]).toContain(reason);
  });
});

it("what ft itself writes for TRL has nothing to refuse", () => {
  const fixtures = join(packageRoot, "src/engines/trl/fixtures");
  const scenarios = readdirSync(fixtures).map((name) => join(fixtures, name, "expected/config"));
  expect(scenarios.length).toBeGreaterThan(10);
  for (const config of scenarios) {
    const { objective } = JSON.parse(readFileSync(join(config, "train.json"), "utf8")) as { objective: ObjectiveName };
    const written = parse(readFileSync(join(config, "trl.yaml"), "utf8")) as Record<string, unknown>;
    expect(check(engineKeys("trl", "1.16.0", objective), written, objective), config).toEqual([]);
  }
});
