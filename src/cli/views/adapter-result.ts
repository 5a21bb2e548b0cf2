// What a run came to: base against adapter, and where the adapter is. The end of `ft run`.
import { relative } from "node:path";
import type { RegisteredAdapter } from "../../adapters/registry.js";
import { comparisonTable } from "./comparison-table.js";

/** `cwd`: the folder is told relative to it. */
export function adapterResult({ name, version, dir, comparison }: RegisteredAdapter, cwd: string): string {
  const table = comparison ? comparisonTable(comparison) : "no held-out rows: not evaluated";
  return `\n${table}\nadapter ${name}@${version}  ${relative(cwd, dir) || "."}\n`;
}
