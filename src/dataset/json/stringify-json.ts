// Json -> text that says what was read: 1.0 stays 1.0, a big integer whole, keys in their order.
import { Float, type Json } from "./json.js";

/** Compact. Python's json reads the same values from it as from the text that was parsed. */
export function stringifyJson(value: Json): string {
  return isPlain(value) ? JSON.stringify(value) : write(value);
}

function isPlain(value: Json): boolean {
  if (typeof value !== "object" || value === null) return typeof value !== "bigint";
  if (Array.isArray(value)) return value.every(isPlain);
  if (value instanceof Float || value instanceof Map) return false;
  for (const key of Object.keys(value)) if (!isPlain(value[key] as Json)) return false;
  return true;
}

function write(value: Json): string {
  if (typeof value === "bigint") return value.toString();
  if (value instanceof Float) return value.text;
  if (Array.isArray(value)) return `[${value.map(write).join(",")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const entries = value instanceof Map ? [...value] : Object.entries(value);
  return `{${entries
    .filter(([, item]) => item !== undefined)
    .map(([key, item]) => `${JSON.stringify(key)}:${write(item)}`)
    .join(",")}}`;
}
