// JSON values that lose nothing of what the file said: big integers, 1.0 against 1, key order.

/**
 * A number that is a float in the file although a JavaScript number cannot show it: 1.0, 1e5, -0.0. Other floats (1.5) are plain
 * numbers, integers up to 2^53 too; larger integers are bigint.
 */
export class Float {
  constructor(
    readonly value: number,
    /** As written. */
    readonly text: string,
  ) {}
}

/** A Map where a plain object would change the order of keys (those that look like integers) or lose one (__proto__). */
export type JsonObject = { [key: string]: Json } | Map<string, Json>;

export type Json = string | number | bigint | boolean | null | Float | Json[] | JsonObject;

/** An object's keys as a record, for reading by name: a Map's order is lost in it, so it is not for passing on. Null: not an object. */
export function recordOf(value: unknown): Record<string, Json> | null {
  if (value instanceof Map) return Object.fromEntries(value);
  const isObject = typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof Float);
  return isObject ? (value as Record<string, Json>) : null;
}
