// Every key that a pinned engine version reads, with type, default, values and explanation. Data: data/engine-keys, made by scripts/engine-keys.py.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { packageRoot } from "../paths.js";
import { engineVersions } from "../recipes/schema/compute.js";
import type { EngineName, ObjectiveName } from "../recipes/schema.js";

const jsonTypes = ["boolean", "integer", "number", "string", "null", "array", "object", "any"] as const;

export interface Key {
  /** As the engine's source writes it. */
  type: string;
  /** What a value in YAML or JSON may be. */
  json: (typeof jsonTypes)[number][];
  /** Left out when the engine has none, or computes it. */
  default?: unknown;
  enum?: unknown[];
  doc?: string;
  /** The engine accepts it and does nothing with it. */
  unused?: boolean;
  /** Of a nested object. */
  keys?: Keys;
  /** Of the objects of a list. */
  items?: Keys;
}

export type Keys = { [name: string]: Key };

const keySchema: z.ZodType<Key> = z.strictObject({
  type: z.string(),
  json: z.array(z.enum(jsonTypes)),
  default: z.unknown().optional(),
  enum: z.array(z.unknown()).optional(),
  doc: z.string().optional(),
  unused: z.boolean().optional(),
  get keys() {
    return z.record(z.string(), keySchema).optional();
  },
  get items() {
    return z.record(z.string(), keySchema).optional();
  },
}) as z.ZodType<Key>;

const tableSchema = z.strictObject({
  engine: z.string(),
  version: z.string(),
  /** TRL: sha256 of the chat templates for which it has a twin with generation markers. */
  trainingTemplates: z.array(z.string()).default([]),
  scopes: z.record(z.string(), z.record(z.string(), keySchema)),
});

export type KeyTable = z.output<typeof tableSchema>;

const loaded = new Map<string, KeyTable>();

/** Throws when ft has no table of this version: that is ft's own fault. */
export function keyTable(engine: EngineName, version: string): KeyTable {
  const file = tableFile(engine, version);
  const known = loaded.get(file);
  if (known) return known;
  const table = tableSchema.parse(JSON.parse(readFileSync(file, "utf8")));
  loaded.set(file, table);
  return table;
}

/** Versions with a table: the pinned ones, newest first. */
export function tableVersions(engine: EngineName): string[] {
  return engineVersions[engine].filter((version) => existsSync(tableFile(engine, version)));
}

/** The keys of an engine's config for an objective. Unsloth's are nested by call: from_pretrained, get_peft_model, training. */
export function engineKeys(engine: EngineName, version: string, objective: ObjectiveName): Keys {
  if (engine === "axolotl") return keyTable(engine, version).scopes.config!;
  if (engine === "trl") return trlKeys(version, objective);
  const { scopes } = keyTable(engine, version);
  const calls = { ...scopes, training: { ...trlKeys(engineVersions.trl[0], objective), ...scopes.training } };
  return Object.fromEntries(
    Object.entries(calls).map(([call, keys]) => [
      call,
      { type: "dict", json: ["object" as const], keys: keys as Keys },
    ]),
  );
}

/** simpo is cpo with another loss. */
function trlKeys(version: string, objective: ObjectiveName): Keys {
  const { scopes } = keyTable("trl", version);
  return { ...scopes.common, ...scopes[objective === "simpo" ? "cpo" : objective] };
}

function tableFile(engine: EngineName, version: string): string {
  return join(packageRoot, "data", "engine-keys", `${engine}-${version}.json`);
}
