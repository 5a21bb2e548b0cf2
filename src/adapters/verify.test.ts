// A real PEFT adapter passes; each way to break it is found and named.
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { beforeEach, expect, it } from "vitest";
import { writeSafetensors } from "../../test/write-safetensors.js";
import { hashAdapterFiles, type Lineage } from "./lineage.js";
import type { Check } from "./lora-checks.js";
import { verifyAdapter } from "./verify.js";

const fixture = fileURLToPath(new URL("../../test/fixtures/tiny-lora", import.meta.url));
const baseDir = join(fixture, "base");
const weightsFile = "adapter_model.safetensors";
let dir = "";
let lineage: Lineage;

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), "ft-verify-"));
  cpSync(join(fixture, "adapter"), dir, { recursive: true });
  lineage = {
    schema: 1,
    name: "tiny",
    version: 1,
    run: "r1",
    createdAt: 0,
    method: "lora",
    base: { id: "tiny-llama", revision: "abc" },
    templateSha256: null,
    dataSha256: "d",
    engine: { name: "trl", version: "1.16.0" },
    git: null,
    files: await hashAdapterFiles(dir),
    comparison: null,
  };
});

const failures = (checks: Check[]): string[] =>
  checks.filter(({ ok }) => !ok).map(({ check, message }) => `${check}: ${message}`);

it("passes a real adapter on every check", async () => {
  const checks = await verifyAdapter({ dir, lineage, baseDir });
  expect(failures(checks)).toEqual([]);
  expect(checks.map(({ check }) => check)).toEqual([
    "files",
    "weights",
    "lora-shapes",
    "base-shapes",
    "finite",
    "learnt",
    "lineage",
  ]);
  expect(checks.find(({ check }) => check === "base-shapes")?.message).toBe("7 layers have the base model's shapes");
});

it("names the file in which one byte changed", async () => {
  const bytes = readFileSync(join(dir, weightsFile));
  bytes[bytes.length - 1]! ^= 1;
  writeFileSync(join(dir, weightsFile), bytes);
  expect(failures(await verifyAdapter({ dir, lineage, baseDir }))).toEqual([
    `files: ${weightsFile} was changed: its sha256 is not the registered one`,
  ]);
});

it("names a missing file", async () => {
  rmSync(join(dir, "adapter_config.json"));
  expect(failures(await verifyAdapter({ dir, lineage, baseDir }))).toEqual([
    "files: adapter_config.json is missing",
    "lora-shapes: adapter_config.json is missing or no LoRA configuration",
  ]);
});

it("says when the weights are missing, or the whole folder", async () => {
  rmSync(join(dir, weightsFile));
  expect(failures(await verifyAdapter({ dir, lineage: null, baseDir: null }))[0]).toMatch(
    /weights: no \.safetensors file/,
  );
  rmSync(dir, { recursive: true });
  expect(failures(await verifyAdapter({ dir, lineage: null, baseDir: null }))[0]).toMatch(
    /weights: no \.safetensors file/,
  );
});

it("says when the config names another base than the lineage", async () => {
  lineage.base.id = "other-llama";
  expect(failures(await verifyAdapter({ dir, lineage, baseDir }))).toEqual([
    "lineage: adapter_config.json names the base tiny-llama, it was trained on other-llama",
  ]);
});

const layer = "base_model.model.model.layers.0.self_attn.q_proj";
const half = (side: "A" | "B", shape: number[], value = 1) => ({
  name: `${layer}.lora_${side}.weight`,
  shape,
  values: Array.from({ length: shape.reduce((a, b) => a * b) }, () => value),
});

it.each([
  ["every lora_B zero", [half("A", [2, 16]), half("B", [16, 2], 0)], /^learnt: nothing was learnt/],
  ["a NaN", [half("A", [2, 16], Number.NaN), half("B", [16, 2])], /^finite: .*q_proj\.lora_A\.weight has 32 numbers/],
  ["half a pair", [half("A", [2, 16])], /^lora-shapes: .*one half/],
  [
    "a rank that is not the config's",
    [half("A", [4, 16]), half("B", [16, 4])],
    /^lora-shapes: .*rank 4, adapter_config\.json says 2/,
  ],
  ["halves that do not multiply", [half("A", [2, 16]), half("B", [16, 3])], /^lora-shapes: .*do not multiply/],
  [
    "layers of another size than the base's",
    [half("A", [2, 8]), half("B", [16, 2])],
    /^base-shapes: .*\[16,8\], the base model's is \[16,16\]/,
  ],
  ["no LoRA tensors", [{ name: "x", shape: [1], values: [1] }], /^lora-shapes: no LoRA tensors/],
])("finds %s", async (_name, tensors, finding) => {
  writeSafetensors(join(dir, weightsFile), tensors);
  const found = failures(await verifyAdapter({ dir, lineage: null, baseDir }));
  expect(found).toHaveLength(1);
  expect(found[0]).toMatch(finding);
});

it("finds an adapter whose layers the base does not have", async () => {
  const tensors = [half("A", [2, 16]), half("B", [16, 2])].map((tensor) => ({
    ...tensor,
    name: tensor.name.replace("layers", "blocks"),
  }));
  writeSafetensors(join(dir, weightsFile), tensors);
  expect(failures(await verifyAdapter({ dir, lineage: null, baseDir }))).toEqual([
    "base-shapes: none of the adapted layers is in the base model",
  ]);
});

it("looks at a whole model without asking for LoRA", async () => {
  const checks = await verifyAdapter({ dir: baseDir, lineage: null, baseDir: null });
  expect(checks.map(({ check, ok }) => [check, ok])).toEqual([
    ["weights", true],
    ["finite", true],
  ]);
});
