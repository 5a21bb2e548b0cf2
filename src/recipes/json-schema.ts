// The recipe's JSON Schema (2020-12): `ft schema` prints it for editors, and messages take their explanations from it.
import { z } from "zod";
import { recipeSchema } from "./schema.js";
import { shortForms } from "./spellings.js";

export interface JsonSchema {
  type?: string;
  const?: unknown;
  enum?: unknown[];
  description?: string;
  default?: unknown;
  properties?: Record<string, JsonSchema>;
  required?: string[];
  anyOf?: JsonSchema[];
  oneOf?: JsonSchema[];
  items?: JsonSchema;
  [keyword: string]: unknown;
}

/** Of a recipe as a person writes it: short forms are allowed, and nothing is required, as `extends` may bring it. */
export function recipeJsonSchema(): JsonSchema {
  const schema = z.toJSONSchema(recipeSchema, { io: "output", unrepresentable: "any" }) as JsonSchema;
  const properties = Object.entries(withoutRequired(schema).properties!).map(([key, value]) => [
    key,
    Object.hasOwn(shortForms, key) ? withShortForm(value, shortForms[key]!) : value,
  ]);
  return {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    title: "ft recipe",
    type: "object",
    properties: { extends: extendsSchema, ...(Object.fromEntries(properties) as Record<string, JsonSchema>) },
    additionalProperties: false,
  };
}

/** The schema of one key; where there are several shapes, the one whose `type` the value has. */
export function schemaAt(root: JsonSchema, path: readonly PropertyKey[], values: unknown): JsonSchema | undefined {
  let node: JsonSchema | undefined = root;
  let value = values;
  for (const key of path) {
    node = shapeFor(node, value)?.properties?.[String(key)] ?? shapeFor(node, value)?.items;
    value = (value as Record<PropertyKey, unknown> | null | undefined)?.[key];
  }
  return shapeFor(node, value);
}

const extendsSchema: JsonSchema = {
  type: "string",
  description: "a recipe that this one builds on: a file relative to this one, or the name of a built-in recipe",
};

function shapeFor(node: JsonSchema | undefined, value: unknown): JsonSchema | undefined {
  const shapes = node?.oneOf ?? node?.anyOf?.flatMap((shape) => shape.oneOf ?? [shape]);
  if (!shapes) return node;
  const objects = shapes.filter(({ properties, items }) => properties || items);
  const { type, launcher } = (value ?? {}) as { type?: unknown; launcher?: unknown };
  const fits = objects.find(
    ({ properties }) =>
      (type !== undefined && properties?.type?.const === type) ||
      (launcher !== undefined && properties?.launcher?.const === launcher),
  );
  const list = Array.isArray(value) ? objects.find(({ items }) => items) : undefined;
  return (
    fits ?? list ?? (objects[0] && { ...objects[0], ...(node?.description ? { description: node.description } : {}) })
  );
}

/** Drops `required`, save for the word that tells shapes apart. */
function withoutRequired(schema: JsonSchema): JsonSchema {
  const { required, ...rest } = schema;
  const each = (list: JsonSchema[] | undefined) => list?.map(withoutRequired);
  return {
    ...rest,
    ...(required?.includes("type") && schema.properties?.type?.const !== undefined ? { required: ["type"] } : {}),
    ...(required?.includes("path") || required?.includes("regex")
      ? { required: required.filter((key) => key === "path" || key === "regex") }
      : {}),
    ...(rest.properties
      ? {
          properties: Object.fromEntries(
            Object.entries(rest.properties).map(([key, value]) => [key, withoutRequired(value)]),
          ),
        }
      : {}),
    ...(rest.anyOf ? { anyOf: each(rest.anyOf)! } : {}),
    ...(rest.oneOf ? { oneOf: each(rest.oneOf)! } : {}),
    ...(rest.items ? { items: withoutRequired(rest.items) } : {}),
  };
}

/** `method: lora` beside `method: { type: lora }`. */
function withShortForm(schema: JsonSchema, inner: string): JsonSchema {
  const shapes = schema.oneOf ?? [schema];
  const names = shapes.flatMap(({ properties }) => {
    const key = properties?.[inner];
    return key?.enum ?? (key?.const === undefined ? [] : [key.const]);
  });
  const { default: _, ...long } = schema;
  return { anyOf: [{ enum: names }, long] };
}
