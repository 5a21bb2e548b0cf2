// The rows that a person asks to see: by number, by a range of numbers, or by a text that they hold.
import type { CanonicalRow, Finding, RowPlace } from "../canonical.js";
import { type DatasetSource, filesOf } from "../dataset-facts.js";
import { readRows } from "../read-rows.js";
import { rowsFor } from "../rows-for.js";
import { extrasOf, textsOf, turnsOf } from "../stats/row-parts.js";

export type RowChoice = { from: number; to: number } | { find: string };

export interface PickedRow {
  /** Counts from 1 over all training files, in order. */
  number: number;
  place: RowPlace;
  /** As the objective trains on it: kto makes two of a pair. Empty: it is no row, and `problems` says why. */
  rows: CanonicalRow[];
  problems: Finding[];
}

/** @param most stops after so many @throws FtError data.* when a file cannot be read at all or is empty */
export async function pickRows(source: DatasetSource, choice: RowChoice, most: number): Promise<PickedRow[]> {
  const picked: PickedRow[] = [];
  let number = 0;
  for (const file of filesOf(source, "train")) {
    let problems: Finding[] = [];
    const report = (finding: Finding) => {
      if (finding.severity === "error") problems.push(finding);
    };
    for await (const { place, row } of readRows({ ...file, report })) {
      number += 1;
      if ("to" in choice && number > choice.to) return picked;
      const isWanted = "from" in choice ? number >= choice.from : row !== null && holds(row, choice.find);
      if (isWanted) picked.push({ number, place, rows: row ? asTrained(row, source) : [], problems });
      if (picked.length === most) return picked;
      problems = [];
    }
  }
  return picked;
}

function asTrained(row: CanonicalRow, { objective }: DatasetSource): CanonicalRow[] {
  const rows = objective ? rowsFor(row, objective) : [row];
  // What the objective cannot take is shown as what it is.
  return Array.isArray(rows) ? rows : [row];
}

/** Anywhere in what was written: texts, reasoning, calls, tools; case does not matter. */
function holds(row: CanonicalRow, text: string): boolean {
  const wanted = text.toLowerCase();
  const isIn = (value: string) => value.toLowerCase().includes(wanted);
  if (turnsOf(row).length === 0) return textsOf(row).some(isIn);
  const isInTurn = turnsOf(row).some(
    ({ content, reasoning_content = "", tool_calls = [] }) =>
      isIn(content) || isIn(reasoning_content) || (tool_calls.length > 0 && isIn(jsonText(tool_calls))),
  );
  return isInTurn || isIn(jsonText(extrasOf(row).tools ?? []));
}

function jsonText(value: unknown): string {
  return JSON.stringify(value, (_, each) => {
    if (typeof each === "bigint") return String(each);
    return each instanceof Map ? Object.fromEntries(each) : each;
  });
}
