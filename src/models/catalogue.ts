// The model catalogue: short names for hub models, and what checks, choices and estimates need before anything is fetched. Data: data/models.jsonl.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { packageRoot } from "../paths.js";
import type { ModelShape } from "./model-shape.js";

export interface CatalogueEntry extends ModelShape {
  alias: string;
  hubId: string;
  /** Billions of parameters that one token passes through; paramsB for dense models. */
  activeParamsB: number;
  /** Tokens. */
  maxContext: number;
  /** "none" for base models. */
  templateFamily: string;
  eosToken: string;
  /** Empty for base models. */
  endOfTurnToken: string;
  /** A key of data/licences.yaml. */
  licenceId: string;
  /** What this model adds to its licence; null: nothing. */
  licenceNote: string | null;
  /** The Hub asks to accept a licence before it gives the files. */
  gated: boolean;
  /** ISO 3166 country of the publisher. */
  origin: string;
  /** YYYY-MM. */
  released: string;
  /** Takes images too; ft trains its text side. */
  multimodal: boolean;
  /** Where the facts come from. */
  source: string;
}

let entries: readonly CatalogueEntry[] | undefined;

/** Every alias, in the table's order. */
export function catalogue(): readonly CatalogueEntry[] {
  entries ??= readFileSync(join(packageRoot, "data/models.jsonl"), "utf8")
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as CatalogueEntry);
  return entries;
}

export function findAlias(alias: string): CatalogueEntry | undefined {
  return catalogue().find((entry) => entry.alias === alias.toLowerCase());
}

export function findHubId(hubId: string): CatalogueEntry | undefined {
  return catalogue().find((entry) => entry.hubId.toLowerCase() === hubId.toLowerCase());
}
