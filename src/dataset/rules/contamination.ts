// LEAK003 to LEAK005: training rows that hold items of a benchmark, or most of an evaluation row; and items that cannot be found.
import { resolve } from "node:path";
import type { CanonicalRow, Finding, RowPlace } from "../canonical.js";
import { looseDigest } from "../canonical-key.js";
import { type RowProblem, toFinding } from "../rules.js";
import { readRecords } from "../sources/read-records.js";
import {
  fewestWords,
  type GramHit,
  type GramIndex,
  type GramsOfItem,
  type GramTable,
  gramIndex,
} from "./gram-index.js";
import { type RowText, rowTexts } from "./row-texts.js";

/** A file with items that must not be trained on. */
export interface Benchmark {
  path: string;
  /** Whose text is compared; absent: every string of the row. */
  columns?: readonly string[] | undefined;
}

export interface ContaminationSettings {
  /** Words of a run that counts as the same. */
  ngram: number;
  /** Share of an item's runs that a row must hold, 0 to 1; 0: one is enough. */
  share: number;
}

/** 13 words, one run enough: as for GPT-3 (Brown et al. 2020, arXiv 2005.14165, appendix C). */
export const contaminationDefaults: ContaminationSettings = { ngram: 13, share: 0 };

export interface ContaminationRules {
  /** For `gramsIn`, of the row's `ownTexts`. */
  table: GramTable;
  /** @param loose looseDigest of the training row, hex */
  see(found: readonly GramsOfItem[], place: RowPlace, loose: string): void;
  /** What was seen; a run of words that more than 10 training rows share is no leak. */
  finish(): Finding[];
}

/** Findings kept until the end, when boilerplate is known. */
const kept = 10_000;

/** @throws FtError data.* when a benchmark cannot be read at all or is empty */
export async function benchmarkRules(
  benchmarks: readonly Benchmark[],
  dir: string,
  { ngram, share }: ContaminationSettings,
): Promise<ContaminationRules> {
  const index = gramIndex({ n: ngram, mostItems: 10 });
  let full: RowPlace | null = null;
  const silent: Finding[] = [];
  for (const { path, columns } of benchmarks) {
    const items = { all: 0, silent: 0 };
    for await (const record of readRecords(resolve(dir, path), path)) {
      const place = { file: path, line: record.line };
      const before = index.items;
      const texts = "value" in record ? textsOf(record.value, columns) : [];
      for (const text of texts) if (!index.add(text, place)) full ??= place;
      items.all += 1;
      if (index.items === before && !full) items.silent += 1;
    }
    if (items.silent > 0) silent.push(notLookedFor(items, path, columns));
  }
  return rowsAgainst(index, {
    rule: "LEAK003",
    share,
    full,
    silent,
    told: ({ item, found, all }) => `holds ${found} of the ${all} runs of ${ngram} words of ${item.file}:${item.line}`,
  });
}

/** A benchmark that finds nothing because nothing of it can be found would look like clean data. */
function notLookedFor(items: { all: number; silent: number }, path: string, columns?: readonly string[]): Finding {
  const where = columns ? ` in ${columns.join(", ")}` : "";
  const isNone = items.silent === items.all;
  const which = isNone ? "no item of it is" : `${items.silent} of its ${items.all} items are not`;
  const problem: RowProblem = {
    rule: "LEAK005",
    ...(!isNone && { severity: "info" }),
    message: `${which} looked for: no text${where} of ${fewestWords} words or more that are not mostly numbers`,
  };
  return toFinding(problem, { file: path, line: 1 });
}

/** Half of an evaluation row is no accident; a passage that both quote may be one. */
const mostOfARow = 0.5;

/** Held against the rows of the evaluation files, which were read before. */
export function heldOutRules(): { add(row: CanonicalRow, place: RowPlace): void; rules(): ContaminationRules } {
  const index = gramIndex({ n: contaminationDefaults.ngram, mostItems: 1 });
  const whole = new Set<string>();
  let full: RowPlace | null = null;
  return {
    add(row, place) {
      whole.add(looseDigest(row).toString("hex"));
      if (!index.add(ownTexts(rowTexts(row)).join("\n"), place)) full ??= place;
    },
    rules: () =>
      rowsAgainst(index, {
        rule: "LEAK004",
        share: mostOfARow,
        full,
        told: ({ item, found, all }) => `holds ${Math.round((100 * found) / all)} % of ${item.file}:${item.line}`,
        whole,
      }),
  };
}

interface Against {
  rule: RowProblem["rule"];
  share: number;
  /** The first item for which the index had no room. */
  full: RowPlace | null;
  told: (hit: GramHit) => string;
  /** Told of the items themselves. */
  silent?: readonly Finding[];
  /** Loose digests of rows that LEAK001 speaks of. */
  whole?: ReadonlySet<string>;
}

function rowsAgainst(index: GramIndex, { rule, share, full, told, silent = [], whole }: Against): ContaminationRules {
  const seen: { place: RowPlace; hit: GramHit }[] = [];
  return {
    table: index.table(),
    see(found, place, loose) {
      const hit = index.count(found);
      if (!hit || hit.found / hit.all < share || whole?.has(loose)) return;
      if (seen.length < kept) seen.push({ place, hit });
    },
    finish() {
      const hits = seen
        .filter(({ hit }) => !index.isBoilerplate(hit))
        .map(({ place, hit }) => toFinding({ rule, message: told(hit) }, place));
      const findings = [...silent, ...hits];
      if (!full) return findings;
      const message = `only the first ${index.items} texts are compared: from here on there was no room`;
      return [...findings, toFinding({ rule, severity: "info", message }, full)];
    },
  };
}

/** What a row says of its own: not the system turn, which many rows share. */
export function ownTexts(texts: readonly RowText[]): string[] {
  return texts.flatMap(({ role, text }) => (role === "system" ? [] : text));
}

function textsOf(value: unknown, columns: readonly string[] | undefined): string[] {
  if (typeof value === "string") return [value];
  if (typeof value !== "object" || value === null) return [];
  const parts = value instanceof Map ? [...value] : Object.entries(value);
  const wanted = columns ? parts.filter(([column]) => columns.includes(String(column))) : parts;
  return wanted.flatMap(([, each]) => textsOf(each, undefined));
}
