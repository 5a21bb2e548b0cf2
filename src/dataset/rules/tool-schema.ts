// A tool's definition as something to hold calls against: its name, whether its parameters are a JSON schema, and what is wrong with arguments.
import { type OutputUnit, Validator } from "@cfworker/json-schema";
import { Float, type Json, type JsonObject } from "../json/json.js";

export interface Tool {
  name: string | null;
  /** Why the definition is none; null when it is one. */
  fault: string | null;
  /** Argument names; null: any may be given. */
  known: ReadonlySet<string> | null;
  required: readonly string[];
  /** What does not fit of arguments that are all there. */
  misfits(args: JsonObject): string[];
}

type Plain = string | number | boolean | null | Plain[] | { [key: string]: Plain };

/** What people write into the parameters of tools; the rest of JSON Schema is let pass. */
const typeNames = ["object", "array", "string", "number", "integer", "boolean", "null"];
const schemaOfSchemas = new Validator({
  $ref: "#/$defs/schema",
  $defs: {
    schema: {
      type: ["object", "boolean"],
      properties: {
        type: { anyOf: [{ enum: typeNames }, { type: "array", items: { enum: typeNames } }] },
        properties: { type: "object", additionalProperties: { $ref: "#/$defs/schema" } },
        required: { type: "array", items: { type: "string" } },
        enum: { type: "array" },
        items: { anyOf: [{ $ref: "#/$defs/schema" }, { type: "array", items: { $ref: "#/$defs/schema" } }] },
        anyOf: { type: "array", items: { $ref: "#/$defs/schema" } },
        oneOf: { type: "array", items: { $ref: "#/$defs/schema" } },
      },
    },
  },
});

/** @param definition in OpenAI's form, {type: "function", function: {name, description, parameters}} */
export function readTool(definition: JsonObject): Tool {
  const plainDefinition = plain(definition) as { [key: string]: Plain };
  const inner = asObject(plainDefinition.function) ?? plainDefinition;
  const name = typeof inner.name === "string" && inner.name !== "" ? inner.name : null;
  const parameters = inner.parameters ?? null;
  const fault = name === null ? "it has no name" : faultOf(parameters);
  const schema = asObject(parameters);
  const properties = schema && asObject(schema.properties);
  const isClosed = schema?.additionalProperties === undefined || schema.additionalProperties === false;
  let validator: Validator | null = null;
  return {
    name,
    fault,
    known:
      properties && isClosed && !schema?.anyOf && !schema?.oneOf && !schema?.$ref
        ? new Set(Object.keys(properties))
        : null,
    required: Array.isArray(schema?.required) ? schema.required.filter((each) => typeof each === "string") : [],
    misfits(args) {
      if (!schema || fault !== null) return [];
      validator ??= new Validator(
        withoutPatterns({ ...schema, additionalProperties: true, required: [] }) as object,
        "7",
        false,
      );
      try {
        return validator.validate(plain(args)).errors.flatMap(told);
      } catch {
        return []; // a $ref that leads nowhere: nothing to hold the arguments against
      }
    },
  };
}

function faultOf(parameters: Plain): string | null {
  if (parameters === null) return null;
  if (!asObject(parameters)) return "its parameters are no object";
  const { errors } = schemaOfSchemas.validate(parameters);
  if (errors.length === 0) return null;
  const deepest = errors.toSorted((a, b) => b.instanceLocation.length - a.instanceLocation.length)[0] as OutputUnit;
  const path = deepest.instanceLocation.split("/").slice(1);
  const value = path.reduce<Plain | undefined>(
    (at, key) => (Array.isArray(at) ? at[Number(key)] : asObject(at)?.[key]),
    parameters,
  );
  const right = path.at(-1) === "type" ? jsonNames[String(value)] : undefined;
  const meant = right === undefined ? "" : `, which JSON Schema calls "${right}"`;
  return `its parameters are no JSON schema: ${path.join(".")} is ${JSON.stringify(value)?.slice(0, 60)}${meant}`;
}

/** What Python and the Berkeley function-calling sets call them. */
const jsonNames: Record<string, string> = {
  ...{ dict: "object", float: "number", double: "number", int: "integer", long: "integer" },
  ...{ tuple: "array", list: "array", str: "string", bool: "boolean", None: "null" },
};

/** "days: Instance type ...": the leaves only, not the objects around them. */
function told({ instanceLocation, keyword, error }: OutputUnit): string[] {
  if (["properties", "items", "$ref", "allOf", "additionalProperties"].includes(keyword)) return [];
  const path = instanceLocation.replace(/^#\/?/, "").replaceAll("/", ".");
  return [`${path}: ${error.replace(/^Instance /, "").replace(/\.$/, "")}`];
}

/**
 * A schema's regular expressions come from strangers and would be run here: they are left out, so that none can run for ever. Formats
 * ("date") too: to JSON Schema they are remarks, and models' servers do not enforce them.
 */
function withoutPatterns(schema: Plain): Plain {
  if (Array.isArray(schema)) return schema.map(withoutPatterns);
  const object = asObject(schema);
  if (!object) return schema;
  const kept = Object.entries(object).filter(([key, value]) => {
    return !((key === "pattern" || key === "format") && typeof value === "string") && key !== "patternProperties";
  });
  return Object.fromEntries(kept.map(([key, value]) => [key, withoutPatterns(value)]));
}

function asObject(value: Plain | undefined): { [key: string]: Plain } | null {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? value : null;
}

function plain(value: Json): Plain {
  if (value instanceof Float) return value.value;
  if (typeof value === "bigint") return Number(value);
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== "object" || value === null) return value;
  const entries = value instanceof Map ? [...value] : Object.entries(value);
  return Object.fromEntries(entries.map(([key, each]) => [key, plain(each)]));
}
