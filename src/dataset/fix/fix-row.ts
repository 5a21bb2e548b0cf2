// Mends the texts of a row as it is in the file, and takes empty turns off its end; nothing else of it is touched.
import { type Json, recordOf } from "../json/json.js";
import { fixText, type TextFix } from "./fix-text.js";

/** The same value when there was nothing to mend. */
export function fixRow(row: Json, options: { maskPii: boolean }): { row: Json; fixes: TextFix[] } {
  const fixes: TextFix[] = [];
  const mended = mapTexts(row, (text) => {
    const result = fixText(text, options);
    fixes.push(...result.fixes);
    return result.text;
  });
  const shortened = withoutEmptyEnd(mended);
  if (shortened !== mended) fixes.push({ rule: "SCH002", before: "an empty turn at the end", after: "" });
  return { row: shortened, fixes };
}

function mapTexts(value: Json, map: (text: string) => string): Json {
  if (typeof value === "string") return map(value);
  if (Array.isArray(value)) return value.map((each) => mapTexts(each, map));
  if (value instanceof Map) return new Map([...value].map(([key, each]) => [key, mapTexts(each, map)]));
  if (typeof value !== "object" || value === null || Object.getPrototypeOf(value) !== Object.prototype) return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, mapTexts(each as Json, map)]));
}

const turnLists = ["messages", "conversations"];

/** Turns without content, call or anything else, that come after an answer. */
function withoutEmptyEnd(row: Json): Json {
  const record = recordOf(row);
  const list = turnLists.find((name) => Array.isArray(record?.[name]));
  if (!record || list === undefined) return row;
  const turns = record[list] as Json[];
  let end = turns.length;
  while (end > 1 && isEmptyTurn(turns[end - 1] as Json)) end -= 1;
  if (end === turns.length || !isAnswer(turns[end - 1] as Json)) return row;
  const kept = turns.slice(0, end);
  if (row instanceof Map) return new Map([...row].map(([key, value]) => [key, key === list ? kept : value]));
  return { ...(row as { [key: string]: Json }), [list]: kept };
}

function isEmptyTurn(turn: Json): boolean {
  const record = recordOf(turn);
  if (!record) return false;
  const content = record.content ?? record.value ?? "";
  const others = Object.keys(record).filter((key) => !["role", "from", "content", "value"].includes(key));
  return typeof content === "string" && content.trim() === "" && others.length === 0;
}

function isAnswer(turn: Json): boolean {
  const record = recordOf(turn);
  return record?.role === "assistant" || record?.from === "gpt" || record?.from === "assistant";
}
