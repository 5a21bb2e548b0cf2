// Norms without multiplying out are those of the matrices multiplied out, scaled as PEFT scales them.
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { writeSafetensors } from "../../test/write-safetensors.js";
import { compareNorms } from "./weight-norms.js";

const module = (layer: number) => `base_model.model.model.layers.${layer}.self_attn.q_proj`;
const numbers = (count: number, from: number) => Array.from({ length: count }, (_, index) => Math.sin(from + index));

/** A [rank, 3], B [2, rank] of two layers. */
function adapter(rank: number, from: number, config: object): string {
  const dir = mkdtempSync(join(tmpdir(), "ft-norms-"));
  writeFileSync(join(dir, "adapter_config.json"), JSON.stringify({ r: rank, ...config }));
  const pair = (layer: number) => [
    { name: `${module(layer)}.lora_A.weight`, shape: [rank, 3], values: numbers(rank * 3, from + layer) },
    { name: `${module(layer)}.lora_B.weight`, shape: [2, rank], values: numbers(2 * rank, from * 2 + layer) },
  ];
  writeSafetensors(join(dir, "adapter_model.safetensors"), [...pair(2), ...pair(10)]);
  return dir;
}

function update(rank: number, from: number, layer: number, scale: number): number[] {
  const [a, b] = [numbers(rank * 3, from + layer), numbers(2 * rank, from * 2 + layer)];
  const cell = (row: number, column: number) =>
    a.reduce((sum, _, k) => (k < rank ? sum + b[row * rank + k]! * a[k * 3 + column]! : sum), 0) * scale;
  return [0, 1].flatMap((row) => [0, 1, 2].map((column) => cell(row, column)));
}

const norm = (values: number[]) => Math.hypot(...values);

it("compares adapters of other ranks and scales, layer by layer", () => {
  const one = adapter(2, 1, { lora_alpha: 8 });
  const other = adapter(4, 5, { lora_alpha: 6, use_rslora: true, alpha_pattern: { q_proj: 10 } });
  const rows = compareNorms(one, other)!;
  expect(rows.map(({ layer }) => layer)).toEqual(["layers.2", "layers.10"]);
  for (const [index, layer] of [2, 10].entries()) {
    const [a, b] = [update(2, 1, layer, 8 / 2), update(4, 5, layer, 10 / Math.sqrt(4))];
    expect(rows[index]!.a).toBeCloseTo(norm(a), 4);
    expect(rows[index]!.b).toBeCloseTo(norm(b), 4);
    expect(rows[index]!.distance).toBeCloseTo(norm(a.map((value, at) => value - b[at]!)), 4);
  }
});

it("says nothing of weights that cannot be read", () => {
  expect(compareNorms(adapter(2, 1, {}), mkdtempSync(join(tmpdir(), "ft-norms-")))).toBeNull();
});
