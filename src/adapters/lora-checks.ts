// Looks inside an adapter's weights: LoRA pairs and their shapes, numbers that are none, layers that learnt nothing.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { readSafetensorsHeader, type SafetensorsHeader, summarizeTensors, type Tensor } from "./safetensors.js";

/** What one look found. `check` is a stable name; `message` is one line for people, also when all is well. */
export interface Check {
  check: "files" | "weights" | "lora-shapes" | "base-shapes" | "finite" | "learnt" | "lineage" | "signature";
  ok: boolean;
  message: string;
}

/** The part of PEFT's adapter_config.json that ft reads. */
const adapterConfigSchema = z.object({
  base_model_name_or_path: z.string().nullish().default(null),
  revision: z.string().nullish().default(null),
  r: z.int().nonnegative(),
  rank_pattern: z.record(z.string(), z.int().nonnegative()).nullish().default({}),
  lora_alpha: z.number().nullish().default(null),
  alpha_pattern: z.record(z.string(), z.number()).nullish().default({}),
  use_rslora: z.boolean().nullish().default(false),
});
export type AdapterConfig = z.output<typeof adapterConfigSchema>;

/** Null when there is none: then the folder holds a whole model. Throws nothing for a broken one: it reads as null too. */
export function readAdapterConfig(dir: string): AdapterConfig | null {
  try {
    return (
      adapterConfigSchema.safeParse(JSON.parse(readFileSync(join(dir, "adapter_config.json"), "utf8"))).data ?? null
    );
  } catch {
    return null;
  }
}

/** Formats whose loading can run code; loaders take them where safetensors are missing. */
const pickles = /\.(bin|pt|pth|pkl|pickle|ckpt)$/;

/**
 * Checks the weights in a folder made by PEFT (adapter_config.json + adapter_model.safetensors) or holding a whole model.
 * `baseDir`: the base model's folder, to compare shapes with; null when it is not here. Never throws for broken weights.
 */
export function checkWeights(dir: string, baseDir: string | null): Check[] {
  const pickle = existsSync(dir) ? readdirSync(dir).find((name) => pickles.test(name)) : undefined;
  const weights = pickle
    ? { problem: `${pickle} is a pickle: loading it could run any code; only safetensors are taken` }
    : readWeights(dir);
  if ("problem" in weights) return [{ check: "weights", ok: false, message: weights.problem }];
  const isAdapter =
    existsSync(join(dir, "adapter_config.json")) || weights.tensors.some(({ name }) => loraName.test(name));
  const checks: Check[] = [
    { check: "weights", ok: true, message: `${weights.tensors.length} tensors, laid out as safetensors wants them` },
  ];
  if (isAdapter) {
    const config = readAdapterConfig(dir);
    if (!config) {
      checks.push({
        check: "lora-shapes",
        ok: false,
        message: "adapter_config.json is missing or no LoRA configuration",
      });
    } else {
      const { pairs, check } = pairUp(weights.tensors, config);
      checks.push(check);
      if (check.ok && baseDir) checks.push(compareWithBase(pairs, baseDir));
    }
  }
  return [...checks, ...checkNumbers(weights.files, isAdapter)];
}

/** A file of weights; `metadata`: what its header says of itself. */
interface WeightFile {
  path: string;
  tensors: Tensor[];
  metadata: Record<string, string>;
}
type Weights = { tensors: Tensor[]; files: WeightFile[] } | { problem: string };

export function readWeights(dir: string): Weights {
  const names = existsSync(dir) ? readdirSync(dir).filter((name) => name.endsWith(".safetensors")) : [];
  if (names.length === 0) return { problem: `no .safetensors file in ${dir}` };
  const files: WeightFile[] = [];
  for (const name of names.sort()) {
    const path = join(dir, name);
    const header = headerOf(path);
    if (header.problem !== undefined) return { problem: `${name} ${header.problem}` };
    files.push({ path, ...header });
  }
  return { tensors: files.flatMap(({ tensors }) => tensors), files };
}

/** A link into nothing, a folder, a file of another user: broken weights as well. */
function headerOf(path: string): SafetensorsHeader {
  try {
    return readSafetensorsHeader(path);
  } catch (error) {
    return { problem: `cannot be read: ${(error as Error).message}` };
  }
}

interface LoraPair {
  /** Name of the adapted layer, as PEFT writes it: `base_model.model.model.layers.0.self_attn.q_proj`. */
  module: string;
  a: Tensor;
  b: Tensor;
}

/** `lora_A.weight` is [rank, in], `lora_B.weight` [out, rank]; for embeddings `lora_embedding_A` and `_B` without `.weight`. */
export const loraName = /^(.+)\.lora_(embedding_)?([AB])(?:\.weight)?$/;

function pairUp(tensors: Tensor[], config: AdapterConfig): { pairs: LoraPair[]; check: Check } {
  const sides = new Map<string, { A?: Tensor; B?: Tensor }>();
  for (const tensor of tensors) {
    const [, module, , side] = loraName.exec(tensor.name) ?? [];
    if (module && side) sides.set(module, { ...sides.get(module), [side]: tensor });
  }
  const ranks = new Set([config.r, ...Object.values(config.rank_pattern ?? {})]);
  const pairs: LoraPair[] = [];
  const fail = (message: string) => ({ pairs, check: { check: "lora-shapes" as const, ok: false, message } });
  if (ranks.has(0)) return fail("adapter_config.json has rank 0: such an adapter changes nothing");
  for (const [module, { A, B }] of sides) {
    if (!A || !B) return fail(`${module} has only one half of its LoRA pair`);
    const rank = A.shape[0] ?? 0;
    if (rank === 0) return fail(`${module} has rank 0: it changes nothing`);
    if (A.shape.length < 2 || B.shape.length < 2 || B.shape[1] !== rank) {
      return fail(`${module}: A [${A.shape}] and B [${B.shape}] do not multiply`);
    }
    if (!ranks.has(rank)) return fail(`${module} has rank ${rank}, adapter_config.json says ${config.r}`);
    pairs.push({ module, a: A, b: B });
  }
  if (pairs.length === 0) return fail("no LoRA tensors");
  return {
    pairs,
    check: { check: "lora-shapes", ok: true, message: `${pairs.length} LoRA pairs of rank ${[...ranks].join(", ")}` },
  };
}

/** Against the base model's own tensors rather than its config.json, because these are exact for every architecture. */
function compareWithBase(pairs: LoraPair[], baseDir: string): Check {
  const base = readWeights(baseDir);
  if ("problem" in base) return { check: "base-shapes", ok: false, message: `the base model: ${base.problem}` };
  const shapes = new Map(base.tensors.map(({ name, shape }) => [name, shape]));
  let compared = 0;
  for (const { module, a, b } of pairs) {
    const shape = shapes.get(`${module.replace(/^base_model\.model\./, "")}.weight`);
    if (!shape || a.name.includes("lora_embedding_")) continue;
    compared++;
    if (b.shape[0] !== shape[0] || a.shape[1] !== shape[1]) {
      const message = `${module} adapts a layer of [${b.shape[0]},${a.shape[1]}], the base model's is [${shape}]`;
      return { check: "base-shapes", ok: false, message };
    }
  }
  return compared > 0
    ? { check: "base-shapes", ok: true, message: `${compared} layers have the base model's shapes` }
    : { check: "base-shapes", ok: false, message: "none of the adapted layers is in the base model" };
}

function checkNumbers(files: { path: string; tensors: Tensor[] }[], isAdapter: boolean): Check[] {
  const summaries = files.flatMap(({ path, tensors }) => [...summarizeTensors(path, tensors)]);
  const broken = summaries.filter(([, { nonFinite }]) => nonFinite > 0);
  const checks: Check[] = [
    broken.length === 0
      ? { check: "finite", ok: true, message: "every number is finite" }
      : {
          check: "finite",
          ok: false,
          message: `${broken[0]![0]} has ${broken[0]![1].nonFinite} numbers that are NaN or infinite (${broken.length} of ${summaries.length} tensors have some)`,
        },
  ];
  if (!isAdapter) return checks;
  // PEFT starts lora_B at zero, so a B that still is zero was never updated: the layer does what it did before.
  const halves = summaries.filter(([name]) => loraName.exec(name)?.[3] === "B");
  const idle = halves.filter(([, { allZero }]) => allZero);
  if (halves.length > 0 && idle.length === halves.length) {
    checks.push({ check: "learnt", ok: false, message: "nothing was learnt: every lora_B is zero" });
  } else if (halves.length > 0) {
    const message = `${halves.length - idle.length} of ${halves.length} adapted layers differ from the base`;
    checks.push({ check: "learnt", ok: true, message });
  }
  return checks;
}
