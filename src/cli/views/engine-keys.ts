// How an engine's keys look on a terminal: the list, and one in full.
import type { Key } from "../../engines/key-table.js";
import { cut } from "./format.js";
import { wrapWords } from "./one-line.js";
import { plainTable } from "./plain-table.js";

/** One line a key. Ends with a newline. */
export function keysTable(keys: [string, Key][], width: number): string {
  const widths = { key: Math.floor(width * 0.36), type: Math.floor(width * 0.24), default: Math.floor(width * 0.13) };
  const rows = keys.map(([path, key]) => [
    cut(path, widths.key),
    cut(`${key.type}${key.keys ? " {…}" : ""}`, widths.type),
    cut(defaultText(key), widths.default),
    key.unused ? "does nothing" : [key.only && `[${key.only.join(" ")}]`, key.doc].filter(Boolean).join(" "),
  ]);
  const used = [0, 1, 2].reduce((sum, column) => sum + 2 + Math.max(7, ...rows.map((row) => row[column]!.length)), 0);
  const heads = ["key", "type", "default", ""].map((head) => ({ head }));
  return `${plainTable(
    heads,
    rows.map((row) => [...row.slice(0, 3), cut(row[3]!, Math.max(8, width - used))]),
  ).join("\n")}\n`;
}

/** Everything about one key, then its own keys. Ends with a newline. */
export function keyDetails(path: string, key: Key, width: number): string {
  const facts: [string, string][] = [
    ["type", key.type],
    ["default", key.default === undefined ? "none, or computed" : JSON.stringify(key.default)],
    ...(key.enum ? [["one of", key.enum.join(", ")] as [string, string]] : []),
    ...(key.only
      ? [["read by", `${key.only.join(", ")} only; it does nothing for other objectives`] as [string, string]]
      : []),
    ...(key.unused ? [["effect", "none: the engine accepts it and does nothing with it"] as [string, string]] : []),
    ...(key.doc ? [["doc", key.doc] as [string, string]] : []),
  ];
  const lines = facts.flatMap(([label, text]) =>
    wrapWords(text, width - 11, 20).map((line, index) => `  ${(index === 0 ? label : "").padEnd(9)}${line}`),
  );
  const children = key.keys ? `\n${keysTable(Object.entries(key.keys), width)}` : "";
  return `${path}\n${lines.join("\n")}\n${children}`;
}

/** As YAML has it; nothing where there is none. */
function defaultText({ default: value }: Key): string {
  return value === undefined ? "" : typeof value === "string" ? value : JSON.stringify(value);
}
