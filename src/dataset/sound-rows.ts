// Rows that something is made from: the first one that a rule calls an error ends it.
import { FtError } from "../errors.js";
import type { Recipe } from "../recipes/schema.js";
import type { RowPlace } from "./canonical.js";
import { type DatasetSource, type SidedRow, sidedRows } from "./dataset-facts.js";
import { judgeRow } from "./row-rules.js";
import { ruleLevels } from "./rules/settings.js";
import { rules } from "./rules.js";

/** As sidedRows gives them (checkDataset tells all that is wrong). @throws FtError data.invalid-row */
export async function* soundRows(
  { data }: Pick<Recipe, "data">,
  source: DatasetSource,
  threshold: number,
): AsyncGenerator<SidedRow> {
  const levels = ruleLevels(data.rules ?? {});
  const rows = sidedRows(source, threshold, (finding) => {
    if ((levels(finding.rule) ?? finding.severity) === "error") throw invalidRow(finding, finding.message);
  });
  for await (const sided of rows) {
    const fault = judgeRow(sided.row).find(
      ({ rule, severity }) => (levels(rule) ?? severity ?? rules[rule].severity) === "error",
    );
    if (fault) throw invalidRow(sided, fault.message);
    yield sided;
  }
}

export function invalidRow({ file, line }: RowPlace, message: string): FtError {
  return new FtError({
    code: "data.invalid-row",
    exit: "data",
    message: `a row cannot be used: ${message}`,
    where: { file, line },
    next: "ft data check tells all rows like it",
  });
}
