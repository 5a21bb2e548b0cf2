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
  type Dialect,
  type Imported,
  isMap,
  type NotEquivalent,
  nest,
  type Values,
} from "./dialect.js";
import { llamafactory } from "./llamafactory.js";
import { oumi } from "./oumi.js";
import { trl } from "./trl.js";
import { unsloth, unslothCalls } from "./unsloth.js";

const dialects: readonly Dialect[] = [axolotl, llamafactory, trl, oumi, unsloth];

/** @param shown the file's name, for messages. Throws FtError import.unknown (usage). */
export function importRecipe(text: string, shown: string): Imported {
  const { dialect, values } = recognise(text, shown);
  const assigned: Assignments = {};
  const notEquivalent: NotEquivalent[] = [];
  const overrides: Values = {};
  for (const [key, value] of Object.entries(values)) {
    if (value === null || value === undefined) continue;
    const rule = Object.hasOwn(dialect.rules, key) ? dialect.rules[key] : undefined;
    if (rule === null || dialect.ignored.test(key)) continue;
    if (rule === undefined) {
      if (isOwnKey(dialect, key, value)) overrides[key] = value;
      else notEquivalent.push({ key, value, why: "a recipe has no such key" });
      continue;
    }
    const result = typeof rule === "string" ? { [rule]: value } : rule(value, values);
    if (isReason(result)) notEquivalent.push({ key, value, why: result.why });
    else Object.assign(assigned, result);
  }
  Object.assign(assigned, definedOf(dialect.settle(values)));
  const data = assigned["data.train"] === undefined ? { "data.train": "data/train.jsonl" } : {};
  return {
    dialect: dialect.name,
    recipe: nest({
      ...inOrder({ ...assigned, ...data }),
      "engine.name": dialect.engine,
      ...(Object.keys(overrides).length > 0 ? { "engine.overrides": overrides } : {}),
    }),
    notEquivalent,
  };
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
    const values: unknown = parse(text);
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

function isReason(result: Assignments | { why: string }): result is { why: string } {
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
