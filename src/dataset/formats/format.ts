// What a row format is: how it is recognised and how its rows become canonical.
import type { dataFormats } from "../../recipes/schema/data.js";
import type { CanonicalRow } from "../canonical.js";
import { Float } from "../json/json.js";
import type { RowProblem } from "../rules.js";

/** A parsed JSON object, its keys in no particular order. */
export type RawRow = Record<string, unknown>;

/** Takes a problem of the row at hand. */
export type Report = (problem: RowProblem) => void;

export interface RowFormat {
  name: FormatName;
  /** For messages: what its rows hold. */
  shape: string;
  /** Columns that the format reads; all others are ignored, and said to be. */
  columns: readonly string[] | "all";
  /** Told by the columns and their types alone, so that a row with a mistake inside is still recognised. */
  recognises(row: RawRow): boolean;
  /** The canonical row, or null when problems were reported that leave nothing to train on. */
  convert(row: RawRow, report: Report): CanonicalRow | null;
}

export type FormatName = Exclude<(typeof dataFormats)[number], "auto">;

/** The name of a value's type as JSON people say it. */
export function typeName(value: unknown): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "a list";
  if (value instanceof Float || typeof value === "bigint") return "a number";
  return typeof value === "object" ? "an object" : `a ${typeof value}`;
}

/** A string column that may be absent, null or empty (then null); anything else is reported. */
export function optionalText(row: RawRow, column: string, report: Report): string | null {
  const value = row[column];
  if (value === undefined || value === null || value === "") return null;
  if (typeof value === "string") return value;
  report({ rule: "SCH007", message: `"${column}" is ${typeName(value)}, not a string` });
  return null;
}
