// Every key that a recipe may have, dotted, and which one a person meant.
import { nearest } from "../nearest.js";
import { type JsonSchema, recipeJsonSchema } from "./json-schema.js";

/** Maps too (`method`); below keys that take names of others (engine.overrides, data.rules), any name. */
export function isRecipeKey(key: string): boolean {
  const shapes = shapesOf(recipeJsonSchema());
  return key !== "extends" && isBelow(shapes, key.split("."));
}

/** The key with this last part, else the one that looks most alike; null when none is near. */
export function nearestRecipeKey(key: string): string | null {
  const keys = recipeKeys();
  const sameEnd = keys.find((known) => known.endsWith(`.${key}`));
  if (sameEnd) return sameEnd;
  const [section = "", ...rest] = key.split(".");
  if (rest.length === 0) return nearest(key, keys);
  const near = nearest(
    key,
    keys.filter((known) => known.includes(".")),
  );
  if (near) return near;
  const ends = keys.filter((known) => known.startsWith(`${section}.`)).map((known) => known.slice(section.length + 1));
  const end = nearest(rest.join("."), ends);
  return end === null ? null : `${section}.${end}`;
}

function recipeKeys(): string[] {
  const found = new Set<string>();
  const walk = (schema: JsonSchema, prefix: string): void => {
    for (const shape of shapesOf(schema)) {
      for (const [name, inner] of Object.entries(shape.properties ?? {})) {
        found.add(`${prefix}${name}`);
        walk(inner, `${prefix}${name}.`);
      }
    }
  };
  walk(recipeJsonSchema(), "");
  found.delete("extends");
  return [...found];
}

function isBelow(shapes: JsonSchema[], [name, ...rest]: string[]): boolean {
  if (name === undefined) return true;
  return shapes.some(({ properties, additionalProperties }) => {
    const inner = properties?.[name];
    if (inner) return isBelow(shapesOf(inner), rest);
    return additionalProperties !== undefined && additionalProperties !== false && rest.length === 0;
  });
}

/** A key may take one of several shapes: `train: rows.jsonl` or a list. */
function shapesOf(schema: JsonSchema): JsonSchema[] {
  const inner = [...(schema.anyOf ?? []), ...(schema.oneOf ?? [])];
  return inner.length === 0 ? [schema] : inner.flatMap(shapesOf);
}
