// Checks values against a key table, all the way down: unknown keys, wrong types, values outside an enumeration, keys without effect.

import type { Problem } from "../errors.js";
import { nearest } from "../nearest.js";
import type { Key, Keys } from "./key-table.js";
import { fitsPythonType, isMap, parsePythonType } from "./python-type.js";

export interface CheckContext {
  /** "TRL 1.16.0" */
  engine: string;
  /** In front of the keys' names in messages: engine.overrides. */
  prefix: string;
  /** What is trained: some keys are read by some objectives' trainers only. */
  objective?: string;
}

export function checkKeys(keys: Keys, values: Record<string, unknown>, context: CheckContext): Problem[] {
  return Object.entries(values).flatMap(([name, value]) => {
    const at = `${context.prefix}.${name}`;
    const key = Object.hasOwn(keys, name) ? keys[name]! : null;
    if (!key) return [unknownKey(name, at, keys, context)];
    return withoutEffect(key, at, context) ?? checkValue(key, value, { ...context, prefix: at });
  });
}

function unknownKey(name: string, at: string, keys: Keys, { engine }: CheckContext): Problem {
  const near = nearest(name, Object.keys(keys));
  const few = Object.keys(keys).length <= 12 ? `known here: ${Object.keys(keys).join(", ")}` : null;
  return {
    message: `${at}: ${engine} has no key ${name}`,
    fix: near
      ? `did you mean ${near}?`
      : (few ?? `\`ft engines keys ${engine.split(" ")[0]!.toLowerCase()}\` lists them`),
  };
}

function withoutEffect({ unused, only }: Key, at: string, { engine, objective }: CheckContext): Problem[] | null {
  if (unused) return [{ message: `${at}: ${engine} accepts this key and does nothing with it`, fix: "remove it" }];
  // As ft names objectives: cpo trains by the same code as simpo.
  if (!only || objective === undefined || only.includes(objective)) return null;
  const fix = `only ${only.join(", ")} read it: remove it`;
  return [{ message: `${at}: ${engine} accepts this key and does nothing with it for ${objective}`, fix }];
}

function checkValue(key: Key, value: unknown, context: CheckContext): Problem[] {
  // Most engines write `x: int = None` somewhere: a default is always taken.
  if (value === null && key.default === null) return [];
  const named = { enum: key.enum, isRecord: key.keys !== undefined };
  if (!fitsPythonType(parsePythonType(key.type), value, named)) return [wrongValue(key, value, context)];
  if (!key.keys || takesAnyDict(key)) return [];
  if (isMap(value)) return checkKeys(key.keys, value, context);
  if (!Array.isArray(value)) return [];
  return value.flatMap((item, index) =>
    isMap(item) ? checkKeys(key.keys!, item, { ...context, prefix: `${context.prefix}[${index}]` }) : [],
  );
}

function wrongValue({ type, enum: values }: Key, value: unknown, { engine, prefix }: CheckContext): Problem {
  const message = `${prefix} cannot be ${JSON.stringify(value)}`;
  if (!values || typeof value !== "string") return { message, fix: `${engine} wants: ${type}` };
  const near = nearest(value, values.map(String));
  return { message, fix: `${near ? `did you mean ${near}? ` : ""}one of: ${values.join(", ")}` };
}

/** `SomeConfig | dict`: ft cannot know which of the two is meant. A dict whose keys are listed is not free. */
function takesAnyDict({ type }: Key): boolean {
  const parsed = parsePythonType(type);
  const members = parsed.name === "|" ? parsed.args : [parsed];
  return members.length > 1 && members.some(({ name }) => name === "dict");
}
