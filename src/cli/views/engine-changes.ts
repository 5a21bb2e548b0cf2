// How the changes between two versions of an engine look on a terminal: those for a recipe, and all.
import type { KeyChange, ScopedChange } from "../../engines/diff-keys.js";
import type { EngineVersion } from "../../engines/find-table.js";
import type { Key } from "../../engines/key-table.js";
import type { EngineUpgrade } from "../../pipeline/engine-upgrade.js";
import { cut } from "./format.js";
import { wrapWords } from "./one-line.js";
import { plainTable } from "./plain-table.js";

/** What concerns the recipe. Ends with a newline. */
export function upgradeText(
  file: string,
  [from, to]: readonly [EngineVersion, EngineVersion],
  { objective, isOtherEngine, written, reliedOn, refused }: EngineUpgrade,
  width: number,
): string {
  const as = isOtherEngine ? `, as if its engine were ${from.name}, without its overrides` : "";
  const before = problemsOf(refused, from);
  const after = problemsOf(refused, to).filter((text) => !before.includes(text));
  const block = (head: string, lines: string[]) => [`  ${head}${lines.length === 0 ? " none changes" : ""}`, ...lines];
  return [
    ...wrapWords(`${file} (${objective})${as}: ${from.name} ${from.version} -> ${to.version}`, width, 3),
    ...refusal(`refused by ${from.version} already:`, before, width),
    ...refusal(`refused by ${to.version}:`, after, width),
    ...block("keys that it writes:", indented(indented(changeRows(written, width - 6)))),
    ...block("defaults that it leaves to the engine:", indented(indented(changeRows(reliedOn, width - 6)))),
    "",
  ].join("\n");
}

/** Without the engine's version, so that what two versions refuse alike reads alike. */
function problemsOf(refused: EngineUpgrade["refused"], { version }: EngineVersion): string[] {
  const problems = refused.find((each) => each.version === version)?.problems ?? [];
  return problems.map(({ message, fix }) => `${message}${fix ? ` (${fix})` : ""}`.replaceAll(` ${version}`, ""));
}

function refusal(head: string, problems: string[], width: number): string[] {
  if (problems.length === 0) return [];
  const lines = problems.flatMap((text) =>
    wrapWords(text, width - 6, 6).map((line, index) => `    ${index === 0 ? "- " : "  "}${line}`),
  );
  return [`  ${head}`, ...lines];
}

/** All of the table, in three blocks. Ends with a newline. */
export function changesText(
  [from, to]: readonly [EngineVersion, EngineVersion],
  changes: ScopedChange[],
  width: number,
): string {
  const of = (...kinds: string[]) => changes.filter(({ change }) => kinds.includes(change));
  const changed = changes.filter(({ change }) => change !== "added" && change !== "removed");
  const title = `${from.name} ${from.version} -> ${to.version}`;
  const counts = `${of("added").length} keys added, ${of("removed").length} removed, ${changed.length} changed`;
  const blocks: [string, string[]][] = [
    ["removed", keyRows(of("removed"), width - 4)],
    ["changed", changeRows(changed, width - 4)],
    ["added", keyRows(of("added"), width - 4)],
  ];
  const shown = blocks
    .filter(([, rows]) => rows.length > 0)
    .map(([name, rows]) => `${name}\n${indented(rows).join("\n")}\n`);
  return `${title}: ${counts}\n\n${shown.join("\n")}`;
}

/** Keys that came or went: what they are. */
function keyRows(changes: readonly ScopedChange[], width: number): string[] {
  if (changes.length === 0) return [];
  const names = changes.map((each) => cut(nameOf(each), 44));
  const left = width - 2 - Math.max(...names.map((name) => name.length));
  const keys = changes.map(({ before, after }) => (after ?? before) as Key);
  const rows = keys.map(({ type, doc }, index) => [names[index]!, cut(doc ? `${type}: ${doc}` : type, left)]);
  return plainTable([{ head: "key" }, { head: "type" }], rows);
}

function changeRows(changes: readonly (KeyChange | ScopedChange)[], width: number): string[] {
  if (changes.length === 0) return [];
  const half = Math.floor((width - 46) / 2);
  const rows = changes.map((each) => [cut(nameOf(each), 40), ...cells(each).map((text) => cut(text, half))]);
  const heads = ["key", "before", "after"].map((head) => ({ head }));
  return plainTable(heads, rows);
}

/** Scopes that are no more than the engine's one config are not named. */
function nameOf(change: KeyChange | ScopedChange): string {
  const scopes = "scopes" in change ? change.scopes.filter((scope) => scope !== "config") : [];
  const where = scopes.map((scope) => scope.replace(/^axolotl\.integrations\.\w+\./, "")).join(", ");
  return where ? `${change.path} (${where})` : change.path;
}

function cells({ change, before, after }: KeyChange): [string, string] {
  switch (change) {
    case "removed":
      return [(before as Key).type, "gone"];
    case "unused":
      return [before ? "does nothing" : "is used", after ? "does nothing" : "is used"];
    case "only":
      return [`read by ${before ? valueText(before) : "all"}`, `read by ${after ? valueText(after) : "all"}`];
    case "default":
      return [valueText(before), valueText(after)];
    default:
      return [`${change}: ${valueText(before)}`, `${change}: ${valueText(after)}`];
  }
}

function valueText(value: unknown): string {
  if (value === undefined) return "-";
  if (Array.isArray(value)) return value.length === 0 ? "[]" : value.map(String).join(", ");
  return typeof value === "string" ? value : JSON.stringify(value);
}

function indented(lines: string[]): string[] {
  return lines.map((line) => `  ${line}`);
}
