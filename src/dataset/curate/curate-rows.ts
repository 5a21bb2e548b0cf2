// The rows that are curated, with what decisions are made by: raw value, canonical form, place, and keys of a person's choosing.

import { FtError } from "../../errors.js";
import type { CanonicalRow, Message, RowPlace } from "../canonical.js";
import { type DatasetSource, filesOf } from "../dataset-facts.js";
import type { FormatName } from "../formats/format.js";
import { type Json, recordOf } from "../json/json.js";
import { stringifyJson } from "../json/stringify-json.js";
import { readRows, unusedColumns } from "../read-rows.js";
import { rowTurns } from "../row-turns.js";

export interface CurateRow {
  /** From 0 over all files, in order. */
  number: number;
  place: RowPlace;
  /** As the file has it; this is what is written. */
  /** null where it could not be parsed. */
  value: Json;
  /** Null: not a row, for the reason in `fault`. */
  row: CanonicalRow | null;
  fault: string | null;
  /** Its columns that hold something, but that its format does not read. */
  unused(): string[];
}

/** All rows of the training files in order; may be called again for another pass. */
export async function* curateRows(source: DatasetSource, onBytes?: ProgressOfFile): AsyncGenerator<CurateRow> {
  let number = 0;
  for (const file of filesOf(source, "train")) {
    let fault: string | null = null;
    let format: FormatName | null = null;
    const rows = readRows({
      ...file,
      report({ rule, severity, message }) {
        if (severity === "error") fault ??= `${rule}: ${message}`;
      },
      onFormat: (name) => {
        format = name;
      },
      onBytes: (read, size) => onBytes?.({ file: file.name, read, size }),
    });
    for await (const { place, row, value } of rows) {
      const unused = () => (format === null ? [] : unusedColumns(value ?? null, file, format));
      yield { number, place, value: value ?? null, row, fault, unused };
      number += 1;
      fault = null;
    }
  }
}

export type ProgressOfFile = (progress: { file: string; read: number; size: number }) => void;

/** All turns of a row, of a pair those of both answers; what has no turns counts as one answer. */
export function turnsOf(row: CanonicalRow): Pick<Message, "role" | "content" | "tool_calls">[] {
  switch (row.kind) {
    case "text":
      return [{ role: "assistant", content: row.text }];
    case "segments":
      return [{ role: "assistant", content: row.segments.map(({ text }) => text).join("") }];
    case "tokens":
      return [{ role: "assistant", content: row.ids.join(" ") }];
    default:
      return rowTurns(row).map(({ turn }) => turn);
  }
}

/** Says of a row which group it is in: a column of the row (a.b for nested ones), or one of the names below. */
export type KeyOf = (row: CurateRow) => string;

const namedKeys: Record<string, KeyOf> = {
  "@answer": ({ row }) => (row && turnsOf(row).findLast(({ role }) => role === "assistant")?.content) ?? "",
  "@system": ({ row }) => (row && turnsOf(row).find(({ role }) => role === "system")?.content) ?? "",
  "@file": ({ place }) => place.file,
};

const keyNames = `a column (a.b for nested ones), ${Object.keys(namedKeys).join(", ")}`;

/** @throws FtError usage.key, also from the returned function when a row has no such column */
export function keyOf(name: string): KeyOf {
  const find = findKey(name);
  return (row) => {
    const found = find(row);
    if (found === undefined) throw noColumn(name, row.place);
    return found;
  };
}

/** As keyOf, but undefined where a row has no such column. @throws FtError usage.key */
export function findKey(name: string): (row: CurateRow) => string | undefined {
  const named = namedKeys[name];
  if (named) return named;
  if (name.startsWith("@")) throw unknownKey(name);
  const path = name.split(".");
  return ({ value }) => {
    const found = path.reduce<Json | undefined>((at, step) => recordOf(at)?.[step], value);
    return found === undefined || typeof found === "string" ? found : stringifyJson(found);
  };
}

function unknownKey(name: string): FtError {
  return new FtError({ code: "usage.key", exit: "usage", message: `unknown key ${name}`, next: `use ${keyNames}` });
}

/** `where`: the row; left out: no row has it. */
export function noColumn(name: string, where?: RowPlace): FtError {
  return new FtError({
    code: "usage.key",
    exit: "usage",
    message: `${where ? "a" : "no"} row has ${where ? "no" : "the"} column ${name}`,
    where,
    next: `${where ? "add it to every row, or " : ""}use ${keyNames}`,
  });
}
