// Checks values against a key table, all the way down: unknown keys, wrong types, values outside an enumeration, keys without effect.
import { distance } from "fastest-levenshtein";
import type { Problem } from "../errors.js";
import type { Key, Keys } from "./key-table.js";

export interface CheckContext {
  /** "TRL 1.16.0" */
  engine: string;
  /** In front of the keys' names in messages: engine.overrides. */
  prefix: string;
}

export function checkKeys(keys: Keys, values: Record<string, unknown>, context: CheckContext): Problem[] {
  return Object.entries(values).flatMap(([name, value]) => {
    const at = `${context.prefix}.${name}`;
    const key = Object.hasOwn(keys, name) ? keys[name]! : null;
    if (!key) return [unknownKey(name, at, keys, context)];
    if (key.unused)
      return [{ message: `${at}: ${context.engine} accepts this key and does nothing with it`, fix: "remove it" }];
    return checkValue(key, value, { ...context, prefix: at });
  });
}

function checkValue(key: Key, value: unknown, context: CheckContext): Problem[] {
  if (!key.json.some((type) => isOfType(value, type)))
    return [
      { message: `${context.prefix} cannot be ${JSON.stringify(value)}`, fix: `${context.engine} wants: ${key.type}` },
    ];
  if (key.enum && isScalar(value) && value !== null && !key.enum.includes(value))
    return [
      {
        message: `${context.prefix} cannot be ${JSON.stringify(value)}`,
        fix: `one of: ${key.enum.map(String).join(", ")}`,
      },
    ];
  if (key.keys && isMap(value)) return checkKeys(key.keys, value, context);
  if (key.items && Array.isArray(value)) {
    return value.flatMap((item, index) =>
      isMap(item) ? checkKeys(key.items!, item, { ...context, prefix: `${context.prefix}.${index}` }) : [],
    );
  }
  return [];
}

function unknownKey(name: string, at: string, keys: Keys, { engine }: CheckContext): Problem {
  const known = Object.keys(keys);
  const near = known.reduce((best, each) => (distance(name, each) < distance(name, best) ? each : best), known[0]!);
  return { message: `${at}: ${engine} has no key ${name}`, fix: `did you mean ${near}?` };
}

function isOfType(value: unknown, type: Key["json"][number]): boolean {
  if (type === "any") return true;
  if (type === "null") return value === null;
  if (type === "integer") return Number.isInteger(value);
  if (type === "array") return Array.isArray(value);
  if (type === "object") return isMap(value);
  return typeof value === type;
}

function isScalar(value: unknown): boolean {
  return typeof value !== "object" || value === null;
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
