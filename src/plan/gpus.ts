// The GPU catalogue: memory, speed and rent of what people train on. Data: data/gpus.jsonl, and a file of the person's own over it.
import { existsSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join, resolve } from "node:path";
import { z } from "zod";
import { FtError } from "../errors.js";
import { nearest } from "../nearest.js";
import { type Env, packageRoot } from "../paths.js";

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
  /** US dollars for a GPU and hour, on demand. Null: no price found. */
  usdHourLow: number,
  usdHourTypical: number,
  priceSource: z.string().nullable().default(null),
  priceDate: z.string().nullable().default(null),
});

export type Gpu = z.output<typeof gpuSchema>;

/** A choice of hardware: "4x a100-40". */
export interface GpuChoice {
  gpu: Gpu;
  count: number;
}

/** The person's own file: $FT_GPUS, else gpus.jsonl below $XDG_CONFIG_HOME/ft or ~/.config/ft. */
function ownGpuFile(env: Env): string {
  if (env.FT_GPUS) return resolve(env.FT_GPUS);
  return join(env.XDG_CONFIG_HOME || join(env.HOME || homedir(), ".config"), "ft", "gpus.jsonl");
}

/** Throws FtError plan.gpus-invalid (exit usage) for a file of the person's own that cannot be used. */
export function gpuCatalogue(env: Env): Gpu[] {
  const shipped = readLines(join(packageRoot, "data/gpus.jsonl"));
  const file = ownGpuFile(env);
  if (env.FT_GPUS && !existsSync(file)) throw invalid(file, 1, "there is no such file");
  const own = existsSync(file) ? readLines(file) : [];
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

function readLines(file: string): { value: Record<string, unknown>; line: number }[] {
  return readFileSync(file, "utf8")
    .split("\n")
    .map((text, index) => ({ text: text.trim(), line: index + 1 }))
    .filter(({ text }) => text !== "" && !text.startsWith("//"))
    .map(({ text, line }) => {
      try {
        return { value: JSON.parse(text) as Record<string, unknown>, line };
      } catch (error) {
        throw invalid(file, line, (error as Error).message);
      }
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

/** "h100-80", "4x a100-40", "2 x NVIDIA L4". Throws FtError plan.unknown-gpu (exit usage) with the nearest name. */
export function findGpu(typed: string, gpus: readonly Gpu[]): GpuChoice {
  const [, count = "1", name = typed] = /^\s*(\d+)\s*x\s*(.+)$/i.exec(typed) ?? [];
  const wanted = plain(name);
  const gpu = gpus.find((one) => namesOf(one).some((known) => plain(known) === wanted));
  if (gpu) return { gpu, count: Math.max(1, Number(count)) };
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

function namesOf({ alias, name, also }: Gpu): string[] {
  return [alias, name, ...also];
}

/** "NVIDIA A100-80GB" -> "a10080". */
function plain(name: string): string {
  return name
    .toLowerCase()
    .replace(/nvidia|geforce|amd|instinct|intel/g, "")
    .replace(/(\d)\s*gi?b?\b/g, "$1")
    .replace(/[^a-z0-9]/g, "");
}
