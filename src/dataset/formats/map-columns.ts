// Columns and roles under other names: a person says in the recipe (data.columns, data.roles) or on the command line what stands for what.
import { type ColumnMap, optionalColumns, turnColumns } from "../../recipes/schema/columns.js";
import { recordOf } from "../json/json.js";
import type { RawRow } from "./format.js";

export interface MappedRow {
  row: RawRow;
  /** Columns that were named and that this row should have but has not. */
  missing: string[];
}

/** The row with its columns, its turns' keys and its roles under the names that formats know. */
export function mapRow(written: RawRow, { columns = {}, roles = {} }: ColumnMap): MappedRow {
  const named = Object.entries(columns) as [string, string][];
  const ofRow = named.filter(([target]) => !isTurnKey(target));
  const ofTurns = named.filter(([target]) => isTurnKey(target));
  const row = rename(written, ofRow);
  const missing = ofRow.filter(([target, source]) => !(source in written) && !optional.includes(target));
  if (ofTurns.length > 0 || Object.keys(roles).length > 0) {
    for (const column of turnLists) if (column in row) row[column] = mapTurns(row[column], ofTurns, roles);
  }
  return { row, missing: missing.map(([, source]) => source) };
}

/** The columns of a whole row that a person named: what recognises the format. */
export function mappedColumns({ columns = {} }: ColumnMap): string[] {
  return Object.keys(columns).filter((target) => !isTurnKey(target));
}

const optional: readonly string[] = optionalColumns;
const turnLists = ["messages", "conversations", "prompt", "completion", "chosen", "rejected"] as const;

function isTurnKey(target: string): boolean {
  return (turnColumns as readonly string[]).includes(target);
}

function rename(record: RawRow, named: readonly [target: string, source: string][]): RawRow {
  const renamed = { ...record };
  for (const [, source] of named) delete renamed[source];
  for (const [target, source] of named) if (source in record) renamed[target] = record[source];
  return renamed;
}

function mapTurns(
  turns: unknown,
  named: readonly [string, string][],
  roles: Readonly<Record<string, string>>,
): unknown {
  if (Array.isArray(turns)) return turns.map((turn) => mapTurns(turn, named, roles));
  const written = recordOf(turns);
  if (!written) return turns;
  const turn = rename(written, named);
  for (const key of ["role", "from"] as const) {
    const role = turn[key];
    if (typeof role === "string" && Object.hasOwn(roles, role)) turn[key] = roles[role];
  }
  return turn;
}
