// What a run came to: base against adapter, and where the adapter is. The end of `ft run`.
import { relative } from "node:path";
import type { RegisteredAdapter } from "../../adapters/registry.js";
import { comparisonTable } from "./comparison-table.js";

/** `cwd`: the folder is told relative to it. `whyNot`: the reason where there is no comparison. */
export function adapterResult(
  { name, version, dir, comparison }: RegisteredAdapter,
  cwd: string,
  whyNot: string | null,
): string {
  const table = comparison ? comparisonTable(comparison) : `not evaluated${whyNot === null ? "" : `: ${whyNot}`}`;
  return `\n${table}\nadapter ${name}@${version}  ${relative(cwd, dir) || "."}\n`;
}
