// What only many rows together show: answers that all have one label, columns whose values have several types.
import type { CanonicalRow, Finding, RowPlace } from "./canonical.js";
import { typeName } from "./formats/format.js";
import type { Json } from "./json/json.js";
import { type RowProblem, toFinding } from "./rules.js";

export interface RowSetCheck {
  see(row: CanonicalRow, place: RowPlace): RowProblem[];
  finish(): Finding[];
}

/** For the rows of one side, as the objective takes them. */
export function rowSetCheck(): RowSetCheck {
  const labels = { true: 0, false: 0 };
  let firstLabel: RowPlace | null = null;
  const judgeColumns = columnTypes();
  const constants = constantColumns();
  return {
    see(row, place) {
      if (row.kind === "prompt") {
        constants.see(row.columns, place);
        return judgeColumns(row.columns, place);
      }
      if (row.kind === "unpaired") {
        firstLabel ??= place;
        labels[`${row.label}`] += 1;
      }
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

/** Told once a column. A missing value and null go with every type. */
function columnTypes(): (columns: Record<string, Json>, place: RowPlace) => RowProblem[] {
  const seen = new Map<string, { type: string; place: RowPlace; told: boolean }>();
  return (columns, place) => {
    const problems: RowProblem[] = [];
    for (const [column, value] of Object.entries(columns)) {
      if (value === null) continue;
      const type = typeName(value);
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

function constantColumns(): { see(columns: Record<string, Json>, place: RowPlace): void; finish(): Finding[] } {
  const seen = new Map<string, { value: string | null; rows: number; place: RowPlace }>();
  return {
    see(columns, place) {
      for (const [column, value] of Object.entries(columns)) {
        const first = seen.get(column);
        if (first?.value === null) continue;
        const text =
          typeof value === "string"
            ? value
            : JSON.stringify(value, (_, each) => (typeof each === "bigint" ? `${each}` : each));
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
