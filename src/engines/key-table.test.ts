// The checked-in key tables: whole, true to what is known of the engines, and what the script makes of the real TRL.
import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { expect, it } from "vitest";
import { packageRoot } from "../paths.js";
import { engineNames, engineVersions } from "../recipes/schema/compute.js";
import { objectiveNames } from "../recipes/schema/objective.js";
import { checkKeys } from "./check-keys.js";
import { engineKeys, type Keys, keyTable, tableVersions } from "./key-table.js";
import { parsePythonType } from "./python-type.js";

const tables = engineNames.flatMap((name) => tableVersions(name).map((version) => keyTable(name, version)));

it("there is a table of every pinned version, named as it says, and none of another engine", () => {
  for (const name of engineNames)
    expect(tableVersions(name)).toEqual(expect.arrayContaining([...engineVersions[name]]));
  const named = tables.map(({ engine, version }) => `${engine}-${version}.json`);
  expect(readdirSync(join(packageRoot, "data/engine-keys")).sort()).toEqual(named.sort());
});

it("every type can be read, and every enumeration has values", () => {
  const types = tables.flatMap(({ scopes }) => Object.values(scopes).flatMap(allKeys));
  expect(types.length).toBeGreaterThan(3000);
  for (const key of types) {
    expect(() => parsePythonType(key.type), key.type).not.toThrow();
    if (key.enum) expect(key.enum.length).toBeGreaterThan(0);
  }
});

it("every default is a value that the check takes", () => {
  const refused = tables.flatMap(({ engine, version, scopes }) =>
    Object.entries(scopes).flatMap(([scope, keys]) =>
      Object.entries(keys)
        .filter(([, { default: value, unused }]) => value !== undefined && !unused)
        .flatMap(([name, key]) =>
          checkKeys(keys, { [name]: key.default }, { engine: `${engine} ${version}`, prefix: scope }),
        ),
    ),
  );
  expect(refused).toEqual([]);
});

it("TRL: every objective has its own keys", () => {
  const of = (objective: (typeof objectiveNames)[number]) => engineKeys("trl", "1.16.0", objective);
  expect(of("sft").max_length).toMatchObject({ type: "int | None", default: 1024 });
  expect(of("dpo").beta).toMatchObject({ type: "float", default: 0.1 });
  expect(of("grpo").reward_funcs).toMatchObject({ type: "list[str] | None" });
  expect(of("kto").desirable_weight).toBeDefined();
  expect(of("simpo").simpo_gamma).toBeDefined();
  expect(of("sft").beta).toBeUndefined();
  expect(of("sft").optim?.enum).toContain("adamw_8bit");
  for (const objective of objectiveNames) expect(of(objective).learning_rate?.type).toBe("float");
});

it("Axolotl: nested keys, plugins' keys, what another objective's trainer reads, what does nothing", () => {
  const keys = engineKeys("axolotl", "0.21.0", "sft");
  expect(keys.dynamic_checkpoint?.keys?.check_interval).toMatchObject({ type: "int", default: 10 });
  expect(keys.datasets?.keys?.message_property_mappings?.only).not.toContain("dpo");
  expect(keys.neftune_noise_alpha?.only).toEqual(["sft", "reward"]);
  expect(keys.lr_div_factor?.unused).toBe(true);
  expect(keys.wandb_run_id?.unused).toBeUndefined();
  expect(keys.enable_jit_checkpoint).toBeUndefined();
  expect(keys.liger_rope).toBeUndefined();
  const plugin = "axolotl.integrations.liger.LigerPlugin";
  expect(engineKeys("axolotl", "0.21.0", "sft", [plugin]).liger_rope).toBeDefined();
});

it("Unsloth: calls, with what they pass on to PEFT and TRL and the defaults that Unsloth changes", () => {
  const { from_pretrained, get_peft_model, training } = engineKeys("unsloth", "2026.10.7", "sft");
  expect(from_pretrained?.keys?.max_seq_length).toMatchObject({ type: "int", default: 2048 });
  expect(get_peft_model?.keys?.use_dora).toMatchObject({ type: "bool" });
  expect(get_peft_model?.keys?.max_seq_length?.unused).toBe(true);
  expect(training?.keys).toMatchObject({ optim: { default: "adamw_8bit" }, loraplus_lr_ratio: {}, packing: {} });
});

it("the script makes the checked-in table of the real TRL, byte for byte", { timeout: 60_000 }, () => {
  const python = process.env.FT_TEST_PYTHON!;
  const site = dirname(
    execFileSync(
      python,
      ["-c", "import importlib.util as u; print(u.find_spec('trl').submodule_search_locations[0])"],
      {
        encoding: "utf8",
      },
    ).trim(),
  );
  const out = mkdtempSync(join(tmpdir(), "ft-keys-"));
  execFileSync(python, [join(packageRoot, "scripts/engine-keys.py"), "trl", site, out], { stdio: "pipe" });
  const [name] = readdirSync(out);
  const checkedIn = readFileSync(join(packageRoot, "data/engine-keys", name!), "utf8");
  expect(readFileSync(join(out, name!), "utf8")).toBe(checkedIn);
});

function allKeys(keys: Keys): Keys[string][] {
  return Object.values(keys).flatMap((key) => [key, ...allKeys(key.keys ?? {})]);
}
