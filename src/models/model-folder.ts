// What makes a folder a trainable model: config.json, a tokenizer, safetensors weights. Says exactly what is missing.
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";

/** Missing parts, each as a phrase ("config.json", "model-00002-of-00004.safetensors"); empty when the folder is complete. */
export function missingParts(dir: string, { weights = true } = {}): string[] {
  const names = new Set(filesOf(dir));
  const missing: string[] = [];
  if (!names.has("config.json")) missing.push("config.json");
  if (!hasTokenizer(names))
    missing.push("a tokenizer (tokenizer.json, tokenizer.model, or vocab.json with merges.txt)");
  if (!weights) return missing;
  if (names.has(weightIndexFile)) missing.push(...shardsOf(dir).filter((shard) => !names.has(shard)));
  else if (weightFilesOf(names).length === 0) {
    const other = [...names].find((name) => /\.(bin|pth|pt)$/.test(name));
    missing.push(other ? `weights as .safetensors (${other} is a pickle: convert it)` : "weights (*.safetensors)");
  }
  return missing;
}

const weightIndexFile = "model.safetensors.index.json";

/** Names of the weight files in the folder, sorted. */
export function weightFiles(dir: string): string[] {
  return weightFilesOf(filesOf(dir));
}

/** Names of the other files that training reads (config, tokenizer, chat template, index of the weights), sorted. */
export function smallFiles(dir: string): string[] {
  return filesOf(dir).filter(isSmallFile).sort();
}

export function isSmallFile(name: string): boolean {
  return name === weightIndexFile || smallFile.test(name);
}

const smallFile =
  /^(config|generation_config|tokenizer.*|special_tokens_map|added_tokens|vocab|chat_template.*|preprocessor_config|processor_config)\.(json|txt|model|jinja)$|^(merges\.txt|spiece\.model|tekken\.json)$/;

/** Of the given names, those that hold the model's weights: `model*.safetensors`, or else whatever safetensors there are. */
export function weightFilesOf(names: Iterable<string>): string[] {
  const all = [...names].filter((name) => name.endsWith(".safetensors") && !name.includes("/"));
  const standard = all.filter((name) => name.startsWith("model"));
  return (standard.length > 0 ? standard : all.filter((name) => !/^(consolidated|adapter_)/.test(name))).sort();
}

function hasTokenizer(names: ReadonlySet<string>): boolean {
  if (["tokenizer.json", "tokenizer.model", "spiece.model", "vocab.txt", "tekken.json"].some((name) => names.has(name)))
    return true;
  return names.has("vocab.json") && names.has("merges.txt");
}

/** Shards that the index names; an unreadable index counts as one missing part. */
function shardsOf(dir: string): string[] {
  try {
    const index = JSON.parse(readFileSync(join(dir, weightIndexFile), "utf8")) as {
      weight_map: Record<string, string>;
    };
    return [...new Set(Object.values(index.weight_map))].sort();
  } catch {
    return [`a readable ${weightIndexFile}`];
  }
}

/** Empty files and dangling links don't count. */
function filesOf(dir: string): string[] {
  if (!existsSync(dir)) return [];
  return readdirSync(dir).filter((name) => {
    const info = statSync(join(dir, name), { throwIfNoEntry: false });
    return info?.isFile() === true && info.size > 0;
  });
}

export interface ConfigFacts {
  family: string | null;
  /** Tokens. */
  maxContext: number | null;
}

/** Family and context length from config.json; multimodal configs keep theirs in text_config. Nulls when unreadable. */
export function readConfigFacts(dir: string): ConfigFacts {
  try {
    const config = JSON.parse(readFileSync(join(dir, "config.json"), "utf8")) as Record<string, unknown>;
    const text = (config.text_config ?? {}) as Record<string, unknown>;
    const maxContext = config.max_position_embeddings ?? text.max_position_embeddings;
    return {
      family: typeof config.model_type === "string" ? config.model_type : null,
      maxContext: typeof maxContext === "number" ? maxContext : null,
    };
  } catch {
    return { family: null, maxContext: null };
  }
}

/** Billions of parameters, from the size of the weight files and the type in config.json (4 bytes when fp32, else 2). */
export function countParameters(dir: string): number {
  const bytes = weightFiles(dir).reduce((sum, name) => sum + statSync(join(dir, name)).size, 0);
  return bytes / (weightType(dir) === "float32" ? 4 : 2) / 1e9;
}

function weightType(dir: string): unknown {
  try {
    const config = JSON.parse(readFileSync(join(dir, "config.json"), "utf8")) as Record<string, unknown>;
    return config.dtype ?? config.torch_dtype;
  } catch {
    return null;
  }
}
