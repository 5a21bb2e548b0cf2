// JSON values on their way between threads: all of them can be cloned but Float, which crosses as a boxed String (JSON has none).
import { Float } from "./json.js";

/** The same value where it holds no Float. */
export function packed<T>(value: T): T {
  return mapped(value, (item) => (item instanceof Float ? new String(item.text) : item)) as T;
}

export function unpacked<T>(value: T): T {
  return mapped(value, (item) => (item instanceof String ? new Float(Number(item), String(item)) : item)) as T;
}

function mapped(value: unknown, change: (item: object) => object): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) {
    const items = value.map((item) => mapped(item, change));
    return items.some((item, at) => item !== value[at]) ? items : value;
  }
  if (value instanceof Map) return new Map([...value].map(([key, item]) => [key, mapped(item, change)]));
  if (value instanceof Float || value instanceof String) return change(value);
  let copy: Record<string, unknown> | null = null;
  for (const [key, item] of Object.entries(value)) {
    const other = mapped(item, change);
    if (other === item) continue;
    copy ??= { ...value };
    copy[key] = other;
  }
  return copy ?? value;
}
