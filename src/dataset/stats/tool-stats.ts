// Which tools rows define and call.
import type { CanonicalRow } from "../canonical.js";
import { maskText } from "../rules/mask-text.js";
import { extrasOf, turnsOf } from "./row-parts.js";
import { valueCounts } from "./value-counts.js";

/** Distinct names that are told apart; the rest is counted together. */
const kept = 10_000;

export function toolStats() {
  const defined = valueCounts(kept);
  const called = valueCounts(kept);
  const shown = new Map<string, string>();
  /** Masked: a name may be a person's address. */
  const shownName = (name: string): string => {
    const known = shown.get(name) ?? maskText(name);
    if (shown.size < kept) shown.set(name, known);
    return known;
  };
  const rows = { definitions: 0, calls: 0, callsOfUndefined: 0 };
  return {
    called,
    add(row: CanonicalRow): void {
      const names = (extrasOf(row).tools ?? []).map(definedName);
      const calls = turnsOf(row).flatMap(({ tool_calls = [] }) => tool_calls.map((call) => call.function.name));
      for (const name of names) defined.add(shownName(name));
      for (const name of calls) called.add(shownName(name));
      if (names.length > 0) rows.definitions += 1;
      if (calls.length > 0) rows.calls += 1;
      if (calls.some((name) => !names.includes(name))) rows.callsOfUndefined += 1;
    },
    result: () => ({
      rowsWithDefinitions: rows.definitions,
      rowsWithCalls: rows.calls,
      /** Rows with a call of a tool that the row does not define. */
      rowsCallingUndefined: rows.callsOfUndefined,
      definitions: { total: defined.total, distinct: defined.distinct(), top: defined.top(12) },
      calls: { total: called.total, distinct: called.distinct(), top: called.top(12) },
    }),
  };
}

type Tool = NonNullable<ReturnType<typeof extrasOf>["tools"]>[number];

function definedName(tool: Tool): string {
  const definition = field(tool, "function") ?? tool;
  const name = typeof definition === "object" ? field(definition as Tool, "name") : undefined;
  return typeof name === "string" ? name : "(no name)";
}

function field(object: Tool, key: string) {
  return object instanceof Map ? object.get(key) : object[key];
}
