// What changes between two versions of an engine: keys that came, went, or mean something else.
import { isDeepStrictEqual } from "node:util";
import type { Key, Keys, KeyTable } from "./key-table.js";

/** What of a key can change. */
const facets = ["type", "default", "enum", "only", "unused"] as const;

export interface KeyChange {
  /** "dynamic_checkpoint.enabled"; items of a list have the list's name in front. */
  path: string;
  change: "added" | "removed" | (typeof facets)[number];
  /** Undefined (left out in JSON): it had none. The whole key when it was added or removed. */
  before?: unknown;
  after?: unknown;
}

/** By path; several changes of one key stand together. A key that came or went says so once, not for each of its children. */
export function diffKeys(before: Keys, after: Keys, at = ""): KeyChange[] {
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort();
  return names.flatMap((name): KeyChange[] => {
    const path = at + name;
    const [old, now] = [own(before, name), own(after, name)];
    if (!old) return [{ path, change: "added", after: now }];
    if (!now) return [{ path, change: "removed", before: old }];
    const changed = facets
      .filter((facet) => !isDeepStrictEqual(normal(old, facet), normal(now, facet)))
      .map((facet) => ({ path, change: facet, before: old[facet], after: now[facet] }));
    return [...changed, ...diffKeys(old.keys ?? {}, now.keys ?? {}, `${path}.`)];
  });
}

/** A change, and the scopes of the table (objectives, plugins, functions) that have it; empty: all. */
export interface ScopedChange extends KeyChange {
  scopes: string[];
}

/** Of two versions of one engine. */
export function diffTables(before: KeyTable, after: KeyTable): ScopedChange[] {
  const scopes = [...new Set([...Object.keys(before.scopes), ...Object.keys(after.scopes)])];
  const found = new Map<string, ScopedChange>();
  for (const scope of scopes) {
    for (const change of diffKeys(before.scopes[scope] ?? {}, after.scopes[scope] ?? {})) {
      const id = JSON.stringify(change);
      const known = found.get(id);
      if (known) known.scopes.push(scope);
      else found.set(id, { ...change, scopes: [scope] });
    }
  }
  return [...found.values()]
    .map((change) => (change.scopes.length === scopes.length ? { ...change, scopes: [] } : change))
    .sort((one, other) => (one.path < other.path ? -1 : one.path > other.path ? 1 : 0));
}

/** An enumeration and a union mean the same in any order. */
function normal(key: Key, facet: (typeof facets)[number]): unknown {
  if (facet === "type") return key.type.split(" | ").sort();
  const value = key[facet];
  return Array.isArray(value) && facet !== "default" ? value.map(String).sort() : value;
}

function own(keys: Keys, name: string): Key | undefined {
  return Object.hasOwn(keys, name) ? keys[name] : undefined;
}

export interface Relevance {
  /** Changes of keys that the recipe's rendering writes. */
  written: KeyChange[];
  /** Defaults that the recipe leaves to the engine, and that change. */
  reliedOn: KeyChange[];
}

/** @param written paths of every key that the rendering writes, nested ones too */
export function relevantChanges(changes: KeyChange[], written: ReadonlySet<string>): Relevance {
  const parents = new Set([...written].filter((path) => path.includes(".")).map((path) => path.split(".")[0]!));
  const isReachable = (path: string) => !path.includes(".") || parents.has(path.split(".")[0]!) || written.has(path);
  return {
    written: changes.filter(({ path, change }) => written.has(path) && change !== "default" && change !== "added"),
    reliedOn: changes.filter(({ path, change }) => change === "default" && !written.has(path) && isReachable(path)),
  };
}
