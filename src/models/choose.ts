// Choosing a model of the catalogue by licence, origin, size and the GPU memory that training it takes.

import { FtError } from "../errors.js";
import { nearest } from "../nearest.js";
import { type CatalogueEntry, catalogue } from "./catalogue.js";
import { allLicences, hasEuClause, licenceOf } from "./licences.js";
import type { ModelShape } from "./model-shape.js";

export interface ModelFilter {
  family?: string | undefined;
  /** Id of data/licences.yaml. */
  licence?: string | undefined;
  /** Only licences that allow commercial use, with conditions or without. */
  commercial?: boolean | undefined;
  /** A country, or "eu". */
  origin?: string | undefined;
  /** GiB of one GPU. */
  maxVram?: number | undefined;
  /** Billions of parameters. */
  maxParams?: number | undefined;
  /** Only models that the Hub gives without an accepted licence. */
  open?: boolean | undefined;
}

export interface ListedModel extends CatalogueEntry {
  commercial: "yes" | "no" | "conditions";
  /** The licence grants nothing in this model to people and companies of the EU. */
  euClause: boolean;
  /** GiB that training takes at least. */
  memoryGiB: number;
}

export interface Choice {
  models: ListedModel[];
  /** Of each filter that was given: how many of the catalogue it excludes, and how many would match without it. */
  filters: { filter: string; excludes: number; withoutIt: number }[];
}

/** Filters combine; `memoryOf`: GiB that training takes at least. Throws FtError (exit usage) models.unknown-value where no model could ever match. */
export function chooseModels(filter: ModelFilter, memoryOf: (shape: ModelShape) => number): Choice {
  const tests = testsOf(filter);
  const all = catalogue().map((entry): ListedModel => {
    const memoryGiB = memoryOf(entry);
    return { ...entry, commercial: licenceOf(entry).commercial, euClause: hasEuClause(entry), memoryGiB };
  });
  const matching = (chosen: readonly Test[]): ListedModel[] =>
    all.filter((model) => chosen.every(({ keeps }) => keeps(model)));
  return {
    models: matching(tests),
    filters: tests.map((test) => ({
      filter: test.filter,
      excludes: all.length - matching([test]).length,
      withoutIt: matching(tests.filter((other) => other !== test)).length,
    })),
  };
}

interface Test {
  /** As typed. */
  filter: string;
  keeps(model: ListedModel): boolean;
}

function testsOf({ family, licence, commercial, origin, maxVram, maxParams, open }: ModelFilter): Test[] {
  const tests: Test[] = [];
  if (family !== undefined) {
    const wanted = known("--family", family, new Set(catalogue().map((model) => model.family)));
    tests.push({ filter: `--family ${family}`, keeps: (model) => model.family === wanted });
  }
  if (licence !== undefined) {
    const wanted = known("--licence", licence, allLicences().keys());
    tests.push({ filter: `--licence ${licence}`, keeps: ({ licenceId }) => licenceId === wanted });
  }
  if (commercial) tests.push({ filter: "--commercial", keeps: (model) => model.commercial !== "no" });
  if (origin !== undefined) {
    const countries = new Set(catalogue().map((model) => model.origin.toLowerCase()));
    const wanted = known("--origin", origin, ["eu", ...countries]);
    const isWanted = (country: string): boolean =>
      wanted === "eu" ? euCountries.has(country) : country.toLowerCase() === wanted;
    tests.push({ filter: `--origin ${origin}`, keeps: (model) => isWanted(model.origin) });
  }
  if (maxVram !== undefined)
    tests.push({ filter: `--max-vram ${maxVram}`, keeps: ({ memoryGiB }) => memoryGiB <= maxVram });
  if (maxParams !== undefined)
    tests.push({ filter: `--max-params ${maxParams}`, keeps: ({ paramsB }) => paramsB <= maxParams });
  if (open) tests.push({ filter: "--open", keeps: ({ gated }) => !gated });
  return tests;
}

/** Member states, ISO 3166. */
const euCountries = new Set(
  "AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK".split(" "),
);

function known(flag: string, value: string, values: Iterable<string>): string {
  const all = [...values].sort();
  const typed = value.toLowerCase();
  if (all.includes(typed)) return typed;
  const near = nearest(typed, all);
  throw new FtError({
    code: "models.unknown-value",
    exit: "usage",
    message: `${flag}: no model of the catalogue has ${value}`,
    ...(near ? { why: `did you mean ${near}?` } : {}),
    next: `give one of ${all.join(", ")}`,
  });
}
