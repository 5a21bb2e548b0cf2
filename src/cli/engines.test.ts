// `ft engines` as people type it.
import { cpSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { runFt } from "../../test/run-ft.js";
import { packageRoot } from "../paths.js";

const empty = mkdtempSync(join(tmpdir(), "ft-engines-"));

function project(engine: string): string {
  const dir = mkdtempSync(join(tmpdir(), "ft-engines-"));
  cpSync(join(packageRoot, "examples/support-triage"), dir, { recursive: true });
  writeFileSync(join(dir, "ft.yaml"), `${readFileSync(join(dir, "ft.yaml"), "utf8")}\nengine: ${engine}\n`);
  return dir;
}

const ft = (args: string, cwd = empty) => runFt(args.split(" "), { cwd });

it("ls: every pinned version, the default one, what it can do", async () => {
  const { engines } = JSON.parse((await ft("engines ls --json")).out);
  expect(engines).toContainEqual(expect.objectContaining({ name: "axolotl", version: "0.19.0", use: "pinned" }));
  const trl = engines.find(({ name }: { name: string }) => name === "trl");
  expect(trl).toMatchObject({ use: "default", can: { methods: ["full", "lora", "qlora"] } });
  expect(trl.can.objectives).toContain("grpo");
  expect((await ft("engines ls")).out).toContain("axolotl@0.21.0");
});

it("keys: those that begin so, one in full with its own keys, another objective's", async () => {
  expect((await ft("engines keys axolotl@0.19.0 lora_")).out).toMatch(/^lora_alpha +int \| None/m);
  const one = await ft("engines keys axolotl dynamic_checkpoint");
  expect(one.out).toMatch(/type +DynamicCheckpointConfig \| None\n[\s\S]*check_interval +int +10/);
  const { keys } = JSON.parse((await ft("engines keys trl beta --objective dpo --json")).out);
  expect(keys.beta).toMatchObject({ type: "float", default: 0.1 });
});

it.each([
  ["engines keys axolotl lora_rnak", 2, "did you mean lora_r?"],
  ["engines keys trl beta", 2, "--scope dpo shows it"],
  ["engines keys axoltl", 2, "did you mean axolotl?"],
  ["engines keys trl@0.1", 2, "choose one of: trl@1.16.0"],
  ["engines keys axolotl --scope x", 2, "axolotl.integrations.liger.LigerPlugin"],
  ["engines diff trl axolotl", 2, "two engines"],
])("%s: says what to do", async (args, code, text) => {
  const result = await ft(args);
  expect(result.code).toBe(code);
  expect(result.err).toContain(text);
});

it("diff: keys that came and went between two versions", async () => {
  const { code, out } = await ft("engines diff axolotl@0.19.0 axolotl@0.21.0");
  expect(code).toBe(0);
  expect(out).toMatch(/^axolotl 0\.19\.0 -> 0\.21\.0: \d+ keys added, \d+ removed, \d+ changed\n/);
  expect(out).toMatch(/removed\n[\s\S]*^ {2}fsdp +list\[str\][\s\S]*changed\n[\s\S]*added\n[\s\S]*eval_on_start/m);
});

it("diff: for a recipe, what it writes, relies on, and what the new version refuses", async () => {
  const cwd = project("{ name: axolotl, version: 0.19.0, overrides: { heads_k_stride: 1 } }");
  const { recipe } = JSON.parse((await ft("engines diff axolotl@0.19.0 axolotl@0.21.0 --json", cwd)).out);
  expect(recipe).toMatchObject({ file: "ft.yaml", objective: "sft", isOtherEngine: false });
  expect(recipe.written).toEqual([{ path: "heads_k_stride", change: "unused", after: true }]);
  expect(recipe.reliedOn.map(({ path }: { path: string }) => path)).toContain("merge_method");
  expect(recipe.refused).toEqual([{ version: "0.21.0", problems: [expect.objectContaining({ fix: "remove it" })] }]);
  const { out } = await ft("engines diff axolotl@0.19.0 axolotl", cwd);
  expect(out).toMatch(/^ft\.yaml \(sft\): axolotl 0\.19\.0 -> 0\.21\.0\n {2}refused by 0\.21\.0:/);
});

it("diff: for Unsloth, of the arguments that its script passes", async () => {
  const args = "engines diff unsloth@2026.10.9 unsloth@2026.10.7 --json";
  const { recipe } = JSON.parse((await ft(args, project("unsloth"))).out);
  expect(recipe).toMatchObject({ objective: "sft", written: [], reliedOn: [], refused: [] });
});

it("diff: a recipe of another engine is read as if it were this one's", async () => {
  const { recipe } = JSON.parse((await ft("engines diff axolotl@0.19.0 axolotl --json", project("trl"))).out);
  expect(recipe).toMatchObject({ isOtherEngine: true, refused: [] });
});
