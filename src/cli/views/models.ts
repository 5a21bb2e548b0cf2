// The catalogue as a table, and what to say when no model is left.
import type { Choice, ListedModel } from "../../models/choose.js";
import { plainTable } from "./plain-table.js";

/** At most 80 columns wide with the catalogue's own names. Ends with a newline. */
export function modelTable(models: readonly ListedModel[]): string {
  const lines = plainTable(
    [
      { head: "alias" },
      { head: "params", align: "right" },
      { head: "ctx", align: "right" },
      { head: "licence" },
      { head: "comm." },
      { head: "gated" },
      { head: "GiB", align: "right" },
    ],
    models.map(({ alias, paramsB, maxContext, licenceId, commercial, euClause, gated, memoryGiB }) => [
      alias,
      billions(paramsB),
      context(maxContext),
      licenceId,
      euClause ? "no EU" : commercial === "conditions" ? "terms" : commercial,
      gated ? "yes" : "no",
      gibibytes(memoryGiB),
    ]),
  );
  return `${lines.join("\n")}\n`;
}

/** What the table's short words mean. */
export function modelLegend(method: string): string {
  return [
    "",
    "comm.  commercial use; terms: on conditions (ft models show <alias>);",
    "       no EU: on conditions, and no rights for people and companies of the EU",
    `GiB    estimate, one GPU: ${method}, 1 row of 1,024 tokens, gradient checkpointing`,
    "",
  ].join("\n");
}

/** Which filter took how many. */
export function noModel({ filters }: Choice): string {
  const width = Math.max(...filters.map(({ filter }) => filter.length));
  const lines = filters.map(
    ({ filter, excludes, withoutIt }) =>
      `  ${filter.padEnd(width)}  excludes ${excludes}; without it ${withoutIt === 1 ? "1 model matches" : `${withoutIt} models match`}\n`,
  );
  return `no model of the catalogue matches\n${lines.join("")}`;
}

/** 0.135 -> "0.13B", 8.03 -> "8.0B", 671 -> "671B". */
function billions(value: number): string {
  return `${value.toFixed(value < 1 ? 2 : value < 100 ? 1 : 0)}B`;
}

/** 131072 -> "128k", 10485760 -> "10M". */
function context(tokens: number): string {
  return tokens >= 2 ** 20 ? `${Math.round(tokens / 2 ** 20)}M` : `${Math.round(tokens / 1024)}k`;
}

export function gibibytes(value: number): string {
  return value.toFixed(value < 10 ? 1 : 0);
}
