// The facts of a dataset's splits, and which rows are held out; one streamed pass, a second one only for small files.
import { resolve } from "node:path";
import type { ColumnMap } from "../recipes/schema/columns.js";
import type { DataSource, ObjectiveName } from "../recipes/schema.js";
import type { CanonicalRow, DatasetFacts, RowPlace } from "./canonical.js";
import type { FormatName } from "./formats/format.js";
import { heldOutScore, planThreshold } from "./held-out.js";
import { type ReadRowsInput, readRows } from "./read-rows.js";
import { rowsFor } from "./rows-for.js";
import { toFinding } from "./rules.js";
import type { TextRows } from "./sources/read-records.js";
import { type RowFacts, rowFacts, type SplitSum, sumSplit } from "./split-facts.js";
import { timesTaken } from "./weigh-row.js";

/** Where the rows of a dataset are, and what they are for. */
export interface DatasetSource {
  /** Paths in `train` and `eval` are relative to it. */
  dir: string;
  train: DataSource[];
  /** Where a file lies whose name does not say it (by name): stdin, files of the Hub. */
  at?: Record<string, string>;
  /** Of .txt files; left out: each line is a row. */
  textRows?: TextRows;
  /** Held-out rows; with it nothing is taken from `train`. */
  eval?: string[];
  /** Of the files in `eval`. */
  format: FormatName | "auto";
  columns?: ColumnMap["columns"];
  roles?: ColumnMap["roles"];
  /** Share of `train` that is held out when there is no `eval`; left out: none. */
  heldOutFraction?: number;
  /** Decides with a row's content whether it is held out, and whether a weight's fraction takes it. */
  seed: number;
  /** Left out: the rows are taken as what they are. */
  objective?: ObjectiveName;
}

export type Side = "train" | "eval";

/** @throws FtError data.* when a file cannot be read at all or is empty; rows with problems are left out */
export async function datasetFacts(source: DatasetSource): Promise<DatasetFacts> {
  const threshold = await heldOutThreshold(source);
  const sums = { train: sumSplit(), eval: sumSplit() };
  for await (const { side, row, times } of sidedRows(source, threshold)) {
    const facts = rowFacts(row);
    for (let taken = 0; taken < times; taken += 1) sums[side].add(facts);
  }
  return joinFacts(sums, source);
}

/** Score below which a row of `train` is held out; 0: none. Reads the rows once. */
export async function heldOutThreshold(source: DatasetSource): Promise<number> {
  const fraction = fractionOf(source);
  if (fraction === 0) return 0;
  const plan = planThreshold(fraction);
  for (const file of filesOf(source, "train")) {
    for await (const { row } of readRows({ ...file, report: ignore })) {
      if (row && isUsable(row, source)) plan.see(heldOutScore(row, source.seed));
    }
  }
  return plan.threshold();
}

/** A row on its side, as the objective takes it. */
export interface SidedRow extends RowPlace {
  side: Side;
  row: CanonicalRow;
  /** How often it is taken: its source's weight; on the evaluation side once. */
  times: number;
}

/** All rows in order: training files, then evaluation files. `report` gets what keeps a row from being one. */
export async function* sidedRows(
  source: DatasetSource,
  threshold: number,
  report: ReadRowsInput["report"] = ignore,
): AsyncGenerator<SidedRow> {
  for (const from of ["train", "eval"] as const) {
    for (const { weight, ...file } of filesOf(source, from)) {
      for await (const { place, row } of readRows({ ...file, report })) {
        if (!row) continue;
        const rows = source.objective ? rowsFor(row, source.objective) : [row];
        if (!Array.isArray(rows)) {
          report(toFinding(rows, place));
          continue;
        }
        const side = threshold > 0 && heldOutScore(row, source.seed) < threshold ? "eval" : from;
        const times = side === "train" ? timesTaken(row, weight, source.seed) : 1;
        for (const each of rows) yield { side, row: each, times, ...place };
      }
    }
  }
}

/** Sums facts in the pass of the check. */
export interface FactsSum {
  add(seen: SidedFacts): void;
  /** Null when the threshold turned out to be another than the fraction: read the rows again. */
  facts(): DatasetFacts | null;
}

export interface SidedFacts {
  side: Side;
  /** heldOutScore; 1: nothing is held out. */
  score: number;
  /** How often it is taken when it is trained on. */
  times: number;
  /** As the objective takes it. */
  rows: RowFacts[];
}

/** @param loose looseDigest of the row. */
export function sidedFacts(
  { row, rows, digest, loose }: { row: CanonicalRow; rows: CanonicalRow[]; digest: Buffer; loose: Buffer },
  {
    side,
    weight,
    source,
  }: { side: Side; weight: number; source: Pick<DatasetSource, "eval" | "heldOutFraction" | "seed"> },
): SidedFacts {
  const isWhole = row.kind === "messages" || row.kind === "text";
  return {
    side,
    score: fractionOf(source) > 0 ? heldOutScore(row, source.seed, isWhole ? loose : undefined) : 1,
    times: side === "train" ? timesTaken(row, weight, source.seed, loose) : 1,
    rows: rows.map((each) => (each === row ? rowFacts(row, digest) : rowFacts(each))),
  };
}

export function sumFacts(source: DatasetSource): FactsSum {
  const fraction = fractionOf(source);
  const plan = planThreshold(fraction);
  const sums = { train: sumSplit(), eval: sumSplit() };
  return {
    add({ side: from, score, times, rows }) {
      plan.see(score);
      const side = score < fraction ? "eval" : from;
      const taken = side === "train" ? times : 1;
      for (const each of rows) for (let time = 0; time < taken; time += 1) sums[side].add(each);
    },
    facts: () => (plan.threshold() === fraction ? joinFacts(sums, source) : null),
  };
}

/** The files of one side as they are to be read, with their weight. */
export function filesOf(source: DatasetSource, side: Side): (Omit<ReadRowsInput, "report"> & { weight: number })[] {
  const files = side === "train" ? source.train : (source.eval ?? []).map((path) => evalFile(path, source));
  const { dir, at, textRows } = source;
  return files.map(({ path, ...file }) => ({ ...file, path: at?.[path] ?? resolve(dir, path), name: path, textRows }));
}

function evalFile(path: string, { format, columns, roles }: DatasetSource): DataSource {
  return { path, format, weight: 1, ...(columns && { columns }), ...(roles && { roles }) };
}

function fractionOf(source: Pick<DatasetSource, "eval" | "heldOutFraction">): number {
  return source.eval ? 0 : (source.heldOutFraction ?? 0);
}

function isUsable(row: CanonicalRow, { objective }: DatasetSource): boolean {
  return objective === undefined || Array.isArray(rowsFor(row, objective));
}

function joinFacts(sums: Record<Side, SplitSum>, source: DatasetSource): DatasetFacts {
  const held = sums.eval.facts();
  return { train: sums.train.facts(), eval: held.rows > 0 || source.eval ? held : null };
}

function ignore(): void {}
