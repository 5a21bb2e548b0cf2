// The GPU catalogue: memory and speed of what people train on. Data: data/gpus.jsonl, and a file of the person's own over it.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { FtError } from "../errors.js";
import { nearest } from "../nearest.js";
import { type Env, packageRoot } from "../paths.js";
import { ownFile, readJsonLines } from "./own-tables.js";

const number = z.number().positive().nullable().default(null);

const gpuSchema = z.strictObject({
  alias: z.string().min(1),
  name: z.string().min(1),
  /** Other names that people type. */
  also: z.array(z.string()).default([]),
  /** GiB, as nvidia-smi reports it. */
  vramGiB: z.number().positive(),
  /** Dense, fp32 accumulation. Null: the card has none, or nobody published it. */
  bf16Tflops: number,
  fp16Tflops: number,
  fp8Tflops: number,
  /** GB/s. */
  memoryGBs: number,
  computeCapability: z.string().default(""),
  nvlink: z.boolean().default(false),
  tdpW: number,
});

export type Gpu = z.output<typeof gpuSchema>;

/** A choice of hardware. */
export interface GpuChoice {
  gpu: Gpu;
  count: number;
}

/** More train nothing that ft knows of. */
const mostGpus = 4096;

/** Throws FtError plan.gpus-invalid (exit usage) for a file of the person's own that cannot be used. */
export function gpuCatalogue(env: Env): Gpu[] {
  const shipped = readJsonLines(join(packageRoot, "data/gpus.jsonl"), invalid);
  const file = ownFile("FT_GPUS", "gpus.jsonl", env);
  if (env.FT_GPUS && !existsSync(file)) throw invalid(file, 1, "there is no such file");
  const own = existsSync(file) ? readJsonLines(file, invalid) : [];
  const merged = new Map(shipped.map(({ value }) => [String(value.alias), { value, line: 0 }]));
  for (const { value, line } of own) {
    const alias = String(value.alias);
    merged.set(alias, { value: { ...merged.get(alias)?.value, ...value }, line });
  }
  return [...merged.values()].map(({ value, line }) => {
    const parsed = gpuSchema.safeParse(value);
    if (parsed.success) return parsed.data;
    const [issue] = parsed.error.issues;
    throw invalid(file, line, `${issue!.path.join(".") || "keys"}: ${issue!.message}`);
  });
}

function invalid(file: string, line: number, why: string): FtError {
  return new FtError({
    code: "plan.gpus-invalid",
    exit: "usage",
    message: `${file} is no list of GPUs`,
    where: { file, line },
    why,
    next: 'write one GPU a line, for example {"alias": "mine", "name": "My GPU", "vramGiB": 24} (data/README.md)',
  });
}

/** "4x a100-40" -> 4; null: a bare name. Throws FtError plan.gpu-count (exit usage). */
export function gpuCount(typed: string): number | null {
  const { count } = splitCount(typed);
  if (count === null || (count >= 1 && count <= mostGpus)) return count;
  throw new FtError({
    code: "plan.gpu-count",
    exit: "usage",
    message: `--gpu ${typed}: ${count} is no number of GPUs`,
    next: `give 1 to ${mostGpus}, for example --gpu "4x a100-40"`,
  });
}

function splitCount(typed: string): { count: number | null; name: string } {
  const [, count, name = typed] = /^\s*(\d+)\s*x\s*(.+)$/i.exec(typed) ?? [];
  return { count: count === undefined ? null : Number(count), name };
}

/** By "h100-80", "4x a100-40", "2 x NVIDIA L4". Throws FtError plan.unknown-gpu (exit usage) with the nearest name. */
export function findGpu(typed: string, gpus: readonly Gpu[]): Gpu {
  const { name } = splitCount(typed);
  const gpu = gpuNamed(name, gpus);
  if (gpu) return gpu;
  const near = nearest(
    name.trim(),
    gpus.flatMap(({ alias, also }) => [alias, ...also]),
  );
  throw new FtError({
    code: "plan.unknown-gpu",
    exit: "usage",
    message: `ft knows no GPU ${name.trim()}`,
    ...(near ? { why: `did you mean ${near}?` } : {}),
    next: `give one of ${gpus.map(({ alias }) => alias).join(", ")}; or add yours to ~/.config/ft/gpus.jsonl`,
  });
}

/** By any of its names, as nvidia-smi says them too. Undefined: ft does not know it. */
export function gpuNamed(name: string, gpus: readonly Gpu[]): Gpu | undefined {
  const wanted = plain(name);
  return gpus.find((one) => namesOf(one).some((known) => plain(known) === wanted));
}

function namesOf({ alias, name, also }: Gpu): string[] {
  return [alias, name, ...also];
}

/** "NVIDIA A100-80GB" -> "a10080", "a100-80g" too; an A10G stays one. */
function plain(name: string): string {
  return name
    .toLowerCase()
    .replace(/nvidia|geforce|amd|instinct|intel/g, "")
    .replace(/(\d)\s*gi?b\b/g, "$1")
    .replace(/([\s-]\d+)g\b/g, "$1")
    .replace(/[^a-z0-9]/g, "");
}
