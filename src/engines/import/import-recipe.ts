// A recipe from another tool's config: recognised by its keys, translated by that tool's table; what has no equivalent is listed, never dropped.
import { parse } from "yaml";
import { FtError } from "../../errors.js";
import { engineVersions } from "../../recipes/schema/compute.js";
import { ownership as axolotlOwnership } from "../axolotl/ownership.js";
import { checkKeys } from "../check-keys.js";
import { engineKeys } from "../key-table.js";
import { ownership as trlOwnership } from "../trl/ownership.js";
import { axolotl } from "./axolotl.js";
import {
  type Assignments,
  Computed,
  type Dialect,
  type Imported,
  isMap,
  type NotEquivalent,
  nest,
  number,
  type Reason,
  type Values,
} from "./dialect.js";
import { llamafactory } from "./llamafactory.js";
import { oumi } from "./oumi.js";
import { trl } from "./trl.js";
import { unsloth, unslothCalls } from "./unsloth.js";
import { takeOutInvalid } from "./valid.js";

const dialects: readonly Dialect[] = [axolotl, llamafactory, trl, oumi, unsloth];

export interface ImportOptions {
  /** The file's name, for messages. */
  shown: string;
  /** That the config ran on; undefined: it is not said, and configs do not say it themselves. */
  gpus?: number | undefined;
}

/** Throws FtError import.unknown, import.unsupported (usage). */
export function importRecipe(text: string, { shown, gpus }: ImportOptions): Imported {
  const { dialect, values } = recognise(text, shown);
  const assigned: Assignments = {};
  const from: Record<string, string> = {};
  const notEquivalent: NotEquivalent[] = [];
  const overrides: Values = {};
  for (const [key, value] of Object.entries(values)) {
    if (value === null || value === undefined) continue;
    const rule = Object.hasOwn(dialect.rules, key) ? dialect.rules[key] : undefined;
    if (rule === null || dialect.ignored.test(key)) continue;
    if (value instanceof Computed) {
      notEquivalent.push({ key, value, why: "the script works it out" });
      continue;
    }
    if (rule === undefined) {
      if (isOwnKey(dialect, key, value)) overrides[key] = value;
      else notEquivalent.push({ key, value, why: "a recipe has no such key" });
      continue;
    }
    const result = typeof rule === "string" ? { [rule]: value } : rule(value, values);
    if (!isReason(result)) {
      Object.assign(assigned, result);
      for (const path of Object.keys(result)) from[path] = key;
    } else if (result.essential) throw unsupported(shown, key, value, result.why);
    else notEquivalent.push({ key, value, why: result.why });
  }
  Object.assign(assigned, definedOf(dialect.settle(values)));
  assigned["data.train"] ??= "data/train.jsonl";
  const notes = [...(dialect.notes?.(values) ?? []), ...spreadOverGpus(assigned, gpus)];
  const { kept, takenOut } = takeOutInvalid(inOrder(definedOf(assigned)));
  notEquivalent.push(...takenOut.map(({ path, value, why }) => ({ key: from[path] ?? path, value, why })));
  const engine = kept["engine.name"] ?? dialect.engine;
  const isOwnEngine = engine === dialect.engine;
  if (!isOwnEngine) {
    for (const [key, value] of Object.entries(overrides))
      notEquivalent.push({ key, value, why: `a key of ${dialect.name}'s, and this needs engine ${engine}` });
  }
  return {
    dialect: dialect.name,
    recipe: nest({
      ...kept,
      "engine.name": engine,
      ...(isOwnEngine && Object.keys(overrides).length > 0 ? { "engine.overrides": overrides } : {}),
    }),
    notEquivalent,
    notes,
  };
}

/** Configs count rows by GPU, a recipe over all of them. Returns what a person should know of it. */
function spreadOverGpus(assigned: Assignments, asked: number | undefined): string[] {
  const isSplit = assigned["compute.parallel"] !== undefined;
  const gpus = asked ?? (isSplit ? 2 : 1);
  if (gpus === 1) return [];
  assigned["compute.gpus"] = gpus;
  assigned["train.batch_size"] = number(assigned["train.batch_size"], 1) * gpus;
  if (asked !== undefined) return [];
  return [
    `the file does not say on how many GPUs it ran: 2 are taken, so train.batch_size is ${assigned["train.batch_size"]} (--gpus says it)`,
  ];
}

function unsupported(shown: string, key: string, value: unknown, why: string): FtError {
  return new FtError({
    code: "import.unsupported",
    exit: "usage",
    message: `${shown} trains what ft cannot: ${key}: ${JSON.stringify(value)}`,
    why,
    next: "a recipe without it would train something else; `ft recipe ls` names recipes to start from",
  });
}

function recognise(text: string, shown: string): { dialect: Dialect; values: Values } {
  for (const values of readings(text)) {
    const dialect = dialects.find((each) => each.recognises(values));
    if (dialect) return { dialect, values };
  }
  throw new FtError({
    code: "import.unknown",
    exit: "usage",
    message: `${shown} is no config that ft knows`,
    next: "give a YAML of Axolotl, TRL, LLaMA-Factory or Oumi, or an Unsloth script or notebook",
  });
}

/** As YAML, as YAML with its sections as dotted keys, as a script. */
function readings(text: string): Values[] {
  const calls = unslothCalls(text);
  const values = parsed(text);
  return values ? [values, dotted(values), calls] : [calls];
}

function parsed(text: string): Values | null {
  try {
    const values: unknown = parse(text, { version: "1.1" }); // as PyYAML reads it: 32_768, yes, off
    return isMap(values) ? values : null;
  } catch {
    return null;
  }
}

function dotted(values: Values, prefix = ""): Values {
  return Object.assign(
    {},
    ...Object.entries(values).map(([key, value]) =>
      isMap(value) ? dotted(value, `${prefix}${key}.`) : { [`${prefix}${key}`]: value },
    ),
  );
}

/** The engine's own key, of the right type, that no recipe key stands for: it is kept under engine.overrides. */
function isOwnKey({ engine, name }: Dialect, key: string, value: unknown): boolean {
  if (name !== "Axolotl" && name !== "TRL") return false;
  const { owned } = engine === "axolotl" ? axolotlOwnership : trlOwnership;
  if (Object.hasOwn(owned, key)) return false;
  const keys = engineKeys(engine, engineVersions[engine][0], "sft");
  return checkKeys(keys, { [key]: value }, { engine: name, prefix: "engine.overrides" }).length === 0;
}

function isReason(result: Assignments | Reason): result is Reason {
  return typeof (result as { why?: unknown }).why === "string";
}

function definedOf(assignments: Assignments): Assignments {
  return Object.fromEntries(Object.entries(assignments).filter(([, value]) => value !== undefined));
}

const sections = ["model", "method", "objective", "data", "train", "compute"];

/** As recipes are written. */
function inOrder(assignments: Assignments): Assignments {
  const place = (path: string) => sections.indexOf(path.split(".")[0]!);
  return Object.fromEntries(Object.entries(assignments).sort(([a], [b]) => place(a) - place(b)));
}
