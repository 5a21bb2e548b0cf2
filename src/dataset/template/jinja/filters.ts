// All filters and tests by name.
import { listFilters } from "./list-filters.js";
import type { Native } from "./native.js";
import { tests } from "./tests.js";
import { textFilters } from "./text-filters.js";

export const testTable: ReadonlyMap<string, Native> = tests(() => new Set(filters.keys()));

export const filters: ReadonlyMap<string, Native> = allFilters();

function allFilters(): Map<string, Native> {
  const table = new Map(textFilters);
  for (const [name, filter] of listFilters({ filters: table, tests: testTable })) table.set(name, filter);
  return table;
}
