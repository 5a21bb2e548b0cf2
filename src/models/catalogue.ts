// The alias catalogue: short names for hub models, and what checks need to know before anything is fetched. Data: data/models.csv.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { packageRoot } from "../paths.js";

export interface CatalogueEntry {
  alias: string;
  hubId: string;
  family: string;
  /** Billions of parameters. */
  paramsB: number;
  /** Tokens. */
  maxContext: number;
  /** "none" for base models. */
  templateFamily: string;
  eosToken: string;
  /** Empty for base models. */
  endOfTurnToken: string;
  licenceId: string;
  /** The Hub asks to accept a licence before it gives the files. */
  gated: boolean;
}

let entries: readonly CatalogueEntry[] | undefined;

/** Every alias, in the table's order. */
export function catalogue(): readonly CatalogueEntry[] {
  entries ??= readFileSync(join(packageRoot, "data/models.csv"), "utf8").trimEnd().split("\n").slice(1).map(parseRow);
  return entries;
}

export function findAlias(alias: string): CatalogueEntry | undefined {
  return catalogue().find((entry) => entry.alias === alias.toLowerCase());
}

export function findHubId(hubId: string): CatalogueEntry | undefined {
  return catalogue().find((entry) => entry.hubId.toLowerCase() === hubId.toLowerCase());
}

/** The table has no quoted cells: no value in it holds a comma. */
function parseRow(line: string): CatalogueEntry {
  const [alias, hubId, family, paramsB, maxContext, templateFamily, eosToken, endOfTurnToken, licenceId, gated] =
    line.split(",") as [string, string, string, string, string, string, string, string, string, string];
  return {
    alias,
    hubId,
    family,
    paramsB: Number(paramsB),
    maxContext: Number(maxContext),
    templateFamily,
    eosToken,
    endOfTurnToken,
    licenceId,
    gated: gated === "1",
  };
}
