// Is an adapter what was registered, and can it work? One check a line; nothing is loaded, no Python is needed.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { type Lineage, sha256OfFile } from "./lineage.js";
import { type Check, checkWeights, readAdapterConfig, readWeights } from "./lora-checks.js";

export interface AdapterToVerify {
  /** Absolute path of the folder with the weights. */
  dir: string;
  /** Null for a folder that ft knows nothing about: then only the weights are looked at. */
  lineage: Lineage | null;
  /** The base model's folder, to compare shapes with; null when it is not here. */
  baseDir: string | null;
}

/** Every check that applies, in order: files against the registered sha256, weights, lineage. Broken adapters are values, not throws. */
export async function verifyAdapter({ dir, lineage, baseDir }: AdapterToVerify): Promise<Check[]> {
  return [
    ...(lineage ? await checkFiles(dir, lineage) : []),
    ...checkWeights(dir, baseDir),
    ...(lineage ? checkLineage(dir, lineage) : []),
  ];
}

/** One failed check per file that differs, so that each is named. */
async function checkFiles(dir: string, { files }: Lineage): Promise<Check[]> {
  const failed: Check[] = [];
  for (const { path, sha256 } of files) {
    const problem = await fileProblem(join(dir, path), sha256);
    if (problem !== null) failed.push({ check: "files", ok: false, message: `${path} ${problem}` });
  }
  if (failed.length > 0) return failed;
  return [{ check: "files", ok: true, message: `${files.length} files have the registered sha256` }];
}

async function fileProblem(file: string, sha256: string): Promise<string | null> {
  if (!existsSync(file)) return "is missing";
  try {
    const isSame = (await sha256OfFile(file)) === sha256;
    return isSame ? null : "was changed: its sha256 is not the registered one";
  } catch (error) {
    return `cannot be read: ${(error as Error).message}`;
  }
}

/** What loaders will believe (adapter_config.json, the weights' own header) against what ft recorded. PEFT leaves the revision out when it had none. */
function checkLineage(dir: string, { base }: Lineage): Check[] {
  if (!existsSync(join(dir, "adapter_config.json"))) return [];
  const config = readAdapterConfig(dir);
  if (!config) return [];
  const fail = (message: string): Check[] => [{ check: "lineage", ok: false, message }];
  if (config.base_model_name_or_path !== base.id) {
    return fail(`adapter_config.json names the base ${config.base_model_name_or_path}, it was trained on ${base.id}`);
  }
  if (config.revision !== null && config.revision !== base.revision) {
    return fail(`adapter_config.json names revision ${config.revision}, it was trained on ${base.revision}`);
  }
  const header = headerBase(dir);
  if (header !== null && header !== base.id) {
    return fail(`the header of its weights names the base ${header}, it was trained on ${base.id}`);
  }
  return [
    {
      check: "lineage",
      ok: true,
      message: `trained on ${base.id} at ${base.revision.replace(/[0-9a-f]{13,}/, (hash) => hash.slice(0, 12))}`,
    },
  ];
}

/** The base that a safetensors header names, where some tool wrote one; null: none does. */
function headerBase(dir: string): string | null {
  const weights = readWeights(dir);
  if ("problem" in weights) return null;
  for (const { metadata } of weights.files) {
    const named = metadata.base_model_name_or_path ?? metadata.base_model;
    if (named !== undefined) return named;
  }
  return null;
}
