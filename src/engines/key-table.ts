// Every key that an engine version reads, with type, default, values and explanation. Data: data/engine-keys, made by scripts/engine-keys.py.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { packageRoot } from "../paths.js";
import type { EngineName, ObjectiveName } from "../recipes/schema.js";

export interface Key {
  /** As Python writes it: "int | None", "list[SFTDataset | DPODataset]". */
  type: string;
  /** Left out when the engine has none, or computes it. */
  default?: unknown;
  /** The only texts that it takes. */
  enum?: (string | number)[] | undefined;
  /** Objectives whose trainer reads it; left out: all. */
  only?: string[] | undefined;
  /** The engine accepts it and does nothing with it. */
  unused?: boolean | undefined;
  /** First sentence of the engine's own words. */
  doc?: string | undefined;
  /** Of a nested object, or of the objects of a list. */
  keys?: Keys | undefined;
}

export type Keys = { [name: string]: Key };

const keySchema: z.ZodType<Key> = z.strictObject({
  type: z.string(),
  default: z.unknown().optional(),
  enum: z.array(z.union([z.string(), z.number()])).optional(),
  only: z.array(z.string()).optional(),
  unused: z.boolean().optional(),
  doc: z.string().optional(),
  get keys() {
    return z.record(z.string(), keySchema).optional();
  },
});

const fileSchema = z.strictObject({
  engine: z.string(),
  version: z.string(),
  madeFrom: z.record(z.string(), z.string()).default({}),
  trainingTemplates: z.array(z.string()).default([]),
  /** Scope -> groups of `keys`; the later one wins. */
  scopes: z.record(z.string(), z.array(z.string())),
  keys: z.record(z.string(), z.record(z.string(), keySchema)),
});

export interface KeyTable {
  engine: string;
  version: string;
  /** Other packages whose source the keys come from, with their versions. */
  madeFrom: Record<string, string>;
  /** TRL: sha256 of the chat templates for which it has a twin with generation markers. */
  trainingTemplates: string[];
  /** TRL: one an objective. Axolotl: `config`, and one a plugin. Unsloth: one a function that a script calls, one an objective, `config`. */
  scopes: Record<string, Keys>;
}

const folder = join(packageRoot, "data", "engine-keys");
const loaded = new Map<string, KeyTable>();

/** Read when first asked for. Throws when there is no table of this version: that is ft's own fault. */
export function keyTable(engine: EngineName, version: string): KeyTable {
  const name = `${engine}-${version}.json`;
  const known = loaded.get(name);
  if (known) return known;
  const { scopes, keys, ...facts } = fileSchema.parse(JSON.parse(readFileSync(join(folder, name), "utf8")));
  const merged = Object.entries(scopes).map(([scope, groups]) => {
    const entries = groups.flatMap((group) => Object.entries(keys[group] ?? {}));
    return [scope, Object.fromEntries(entries.sort(([one], [other]) => (one < other ? -1 : 1)))];
  });
  const table = { ...facts, scopes: Object.fromEntries(merged) };
  loaded.set(name, table);
  return table;
}

/** Versions with a table, newest first: the pinned ones, and others that an upgrade may look at. */
export function tableVersions(engine: EngineName): string[] {
  const beginning = `${engine}-`;
  return readdirSync(folder)
    .filter((name) => name.startsWith(beginning))
    .map((name) => name.slice(beginning.length, -".json".length))
    .sort((one, other) => other.localeCompare(one, "en", { numeric: true }));
}

/**
 * The keys of an engine's config for an objective. Unsloth's are nested by call: from_pretrained, get_peft_model, training, ...
 * @param plugins Axolotl: those that the config lists, as it lists them
 */
export function engineKeys(
  engine: EngineName,
  version: string,
  objective: ObjectiveName,
  plugins: readonly string[] = [],
): Keys {
  const { scopes } = keyTable(engine, version);
  // simpo is cpo with another loss.
  const trainer = scopes[objective === "simpo" ? "cpo" : objective] ?? {};
  if (engine === "trl") return trainer;
  if (engine === "axolotl") return Object.assign({}, scopes.config, ...plugins.map((plugin) => scopes[plugin] ?? {}));
  const call = (keys: Keys = {}): Key => ({ type: "dict", keys });
  return {
    from_pretrained: call(scopes["FastLanguageModel.from_pretrained"]),
    get_peft_model: call(scopes["FastLanguageModel.get_peft_model"]),
    get_chat_template: call(scopes.get_chat_template),
    train_on_responses_only: call(scopes.train_on_responses_only),
    training: call(objective === "sft" ? { ...scopes.UnslothTrainingArguments, ...trainer } : trainer),
  };
}
