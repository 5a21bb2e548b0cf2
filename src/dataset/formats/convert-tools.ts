// Tool calls and tool definitions as rows write them (OpenAI's form, its older one, bare functions, JSON text) -> OpenAI's form.
import type { ToolCall } from "../canonical.js";
import { type Json, type JsonObject, recordOf } from "../json/json.js";
import { parseJson } from "../json/parse-json.js";
import { stringifyJson } from "../json/stringify-json.js";
import { type RawRow, type Report, typeName } from "./format.js";

/** Null when one was reported. Each: {function: {name, arguments}}, {name, arguments}, or JSON text of one or of a list. */
export function convertCalls(calls: readonly unknown[], at: string, report: Report): ToolCall[] | null {
  const converted: ToolCall[] = [];
  const refuse = (why: string): null => {
    report({ rule: "SCH007", message: `a tool call of ${at} ${why}` });
    return null;
  };
  for (const call of calls) {
    const read = typeof call === "string" ? jsonOf(call) : (call as Json);
    if (read === undefined) return refuse("is a string that is not JSON");
    for (const each of Array.isArray(read) ? read : [read]) {
      const record = recordOf(each);
      if (!record) return refuse(`is ${typeName(each)}, not an object`);
      if (record.type !== undefined && record.type !== null && record.type !== "function")
        return refuse(`is of type ${stringifyJson(record.type)}, not "function"`);
      const called = recordOf(record.function) ?? record;
      if (typeof called.name !== "string" || called.name === "") return refuse("has no name");
      const given = argumentsOf(called);
      if (!given) return refuse(`(${called.name}) has arguments that are no JSON object`);
      const id = typeof record.id === "string" && record.id !== "" ? { id: record.id } : {};
      converted.push({ ...id, type: "function", function: { name: called.name, arguments: given } });
    }
  }
  return converted;
}

/** OpenAI writes them as JSON text. None at all are no arguments. */
function argumentsOf({ arguments: given, parameters }: RawRow): JsonObject | null {
  const written = given ?? parameters;
  if (written === undefined || written === null || written === "") return {};
  const value = typeof written === "string" ? jsonOf(written) : written;
  return recordOf(value) ? (value as JsonObject) : null;
}

/**
 * {type: "function", function: {...}} of the columns `tools` and `functions`: lists, JSON text of lists, and bare {name, description,
 * parameters}. Undefined: the row has none. Null: they were reported.
 */
export function convertTools(row: RawRow, report: Report): JsonObject[] | undefined | null {
  const column = ["tools", "functions"].find((name) => isFilled(row[name]));
  if (column === undefined) return undefined;
  const refuse = (why: string): null => {
    report({ rule: "SCH007", message: `"${column}" ${why}` });
    return null;
  };
  const written = row[column];
  const value = typeof written === "string" ? jsonOf(written) : (written as Json);
  if (value === undefined) return refuse("is a string that is not JSON");
  const tools: JsonObject[] = [];
  for (const tool of Array.isArray(value) ? value : [value]) {
    const read = typeof tool === "string" ? jsonOf(tool) : tool;
    const record = recordOf(read);
    if (!record) return refuse(`holds ${typeName(tool)} where a tool is expected`);
    if (recordOf(record.function)) tools.push(read as JsonObject);
    else if (typeof record.name === "string") tools.push({ type: "function", function: read as JsonObject });
    else return refuse("holds a tool without a name");
  }
  return tools.length === 0 ? undefined : tools;
}

function jsonOf(text: string): Json | undefined {
  const parsed = parseJson(text);
  return "value" in parsed ? parsed.value : undefined;
}

export function isFilled(value: unknown): boolean {
  if (value === undefined || value === null || value === "" || value === "[]") return false;
  return !Array.isArray(value) || value.length > 0;
}
