// How the changes between two versions of an engine look on a terminal: those for a recipe, and all.
import type { KeyChange, ScopedChange } from "../../engines/diff-keys.js";
import type { EngineVersion } from "../../engines/find-table.js";
import type { Key } from "../../engines/key-table.js";
import type { EngineUpgrade } from "../../pipeline/engine-upgrade.js";
import { cut } from "./format.js";
import { plainTable } from "./plain-table.js";

/** What concerns the recipe. Ends with a newline. */
export function upgradeText(
  file: string,
  [from, to]: readonly [EngineVersion, EngineVersion],
  { objective, isOtherEngine, written, reliedOn, refused }: EngineUpgrade,
  width: number,
): string {
  const as = isOtherEngine ? `, as if its engine were ${from.name} (its overrides left out)` : "";
  const refusals = refused.flatMap(({ version, problems }) => [
    `  ${from.name} ${version} would refuse it:`,
    ...problems.map(({ message, fix }) => `    ${message}${fix ? ` (${fix})` : ""}`),
  ]);
  return [
    `${file} (${objective})${as}: ${from.name} ${from.version} -> ${to.version}`,
    ...refusals,
    ...(written.length === 0
      ? ["  keys that it writes: none changes"]
      : ["  keys that it writes:", ...indented(changeRows(written, width - 4))]),
    ...(reliedOn.length === 0
      ? ["  defaults that it leaves to the engine: none changes"]
      : ["  defaults that it leaves to the engine:", ...indented(changeRows(reliedOn, width - 4))]),
    "",
  ].join("\n");
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
  const blocks = [
    ["removed", of("removed")],
    ["changed", changed],
    ["added", of("added")],
  ] as const;
  const shown = blocks
    .filter(([, block]) => block.length > 0)
    .map(([name, block]) => `${name}\n${indented(changeRows(block, width - 4)).join("\n")}\n`);
  return `${title}: ${counts}\n\n${shown.join("\n")}`;
}

function changeRows(changes: readonly (KeyChange | ScopedChange)[], width: number): string[] {
  const half = Math.floor((width - 46) / 2);
  const rows = changes.map((each) => [cut(nameOf(each), 40), ...cells(each).map((text) => cut(text, half))]);
  const heads = ["key", "before", "after"].map((head) => ({ head }));
  return plainTable(heads, rows);
}

/** Scopes that are no more than the engine's one config are not named. */
function nameOf(change: KeyChange | ScopedChange): string {
  const scopes = "scopes" in change ? change.scopes.filter((scope) => scope !== "config") : [];
  const where = scopes.map((scope) => scope.split(".").at(-1)).join(", ");
  return where ? `${change.path} (${where})` : change.path;
}

function cells({ change, before, after }: KeyChange): [string, string] {
  if (change === "added") return ["", keyText(after as Key)];
  if (change === "removed") return [keyText(before as Key), ""];
  const label = change === "default" ? "" : `${change}: `;
  return [`${label}${valueText(before)}`, `${label}${valueText(after)}`];
}

function keyText({ type, doc }: Key): string {
  return doc ? `${type}: ${doc}` : type;
}

function valueText(value: unknown): string {
  if (value === undefined) return "-";
  if (Array.isArray(value)) return value.length === 0 ? "[]" : value.map(String).join(", ");
  return typeof value === "string" ? value : JSON.stringify(value);
}

function indented(lines: string[]): string[] {
  return lines.map((line) => `  ${line}`);
}
