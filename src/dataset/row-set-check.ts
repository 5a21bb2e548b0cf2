// What only many rows together show: answers that all have one label, columns whose values have several types.
import type { CanonicalRow, Finding, RowPlace } from "./canonical.js";
import { typeName } from "./formats/format.js";
import type { Json } from "./json/json.js";
import { type RowProblem, toFinding } from "./rules.js";

export interface RowSetCheck {
  add(row: SetShape, place: RowPlace): RowProblem[];
  finish(): Finding[];
}

/** What of one row counts in the set: its label, or its columns with the type and the text of each value (null: none). */
export type SetShape = { label: boolean } | { columns: [name: string, type: string | null, text: string][] };

/** Null: nothing. */
export function setShape(row: CanonicalRow): SetShape | null {
  if (row.kind === "unpaired") return { label: row.label };
  if (row.kind !== "prompt") return null;
  return {
    columns: Object.entries(row.columns).map(([name, value]) => [
      name,
      value === null ? null : typeName(value),
      textOf(value),
    ]),
  };
}

function textOf(value: Json): string {
  return typeof value === "string"
    ? value
    : JSON.stringify(value, (_, each) => (typeof each === "bigint" ? `${each}` : each));
}

/** For the rows of one side, as the objective takes them. */
export function rowSetCheck(): RowSetCheck {
  const labels = { true: 0, false: 0 };
  let firstLabel: RowPlace | null = null;
  const judgeColumns = columnTypes();
  const constants = constantColumns();
  return {
    add(row, place) {
      if ("columns" in row) {
        constants.see(row.columns, place);
        return judgeColumns(row.columns, place);
      }
      firstLabel ??= place;
      labels[`${row.label}`] += 1;
      return [];
    },
    finish() {
      const findings = constants.finish();
      if (!firstLabel || (labels.true > 0 && labels.false > 0)) return findings;
      const message = `all ${labels.true + labels.false} labelled answers have the label ${labels.true > 0}`;
      return [...findings, toFinding({ rule: "PREF002", message }, firstLabel)];
    },
  };
}

type Columns = Extract<SetShape, { columns: unknown }>["columns"];

/** Told once a column. A missing value and null go with every type. */
function columnTypes(): (columns: Columns, place: RowPlace) => RowProblem[] {
  const seen = new Map<string, { type: string; place: RowPlace; told: boolean }>();
  return (columns, place) => {
    const problems: RowProblem[] = [];
    for (const [column, type] of columns) {
      if (type === null) continue;
      const first = seen.get(column);
      if (!first) seen.set(column, { type, place, told: false });
      else if (first.type !== type && !first.told) {
        first.told = true;
        const message = `"${column}" is ${type} here, but ${first.type} in ${first.place.file}:${first.place.line}`;
        problems.push({ rule: "SCH011", message });
      }
    }
    return problems;
  };
}

/** Fewer rows may agree by chance. */
const fewestRows = 20;

function constantColumns(): { see(columns: Columns, place: RowPlace): void; finish(): Finding[] } {
  const seen = new Map<string, { value: string | null; rows: number; place: RowPlace }>();
  return {
    see(columns, place) {
      for (const [column, , text] of columns) {
        const first = seen.get(column);
        if (first?.value === null) continue;
        if (!first) seen.set(column, { value: text, rows: 1, place });
        else if (first.value === text) first.rows += 1;
        else first.value = null;
      }
    },
    finish() {
      return [...seen].flatMap(([column, { value, rows, place }]) => {
        if (value === null || rows < fewestRows) return [];
        return [
          toFinding({ rule: "SCH014", message: `"${column}" is the same in all ${rows} rows that have it` }, place),
        ];
      });
    },
  };
}
