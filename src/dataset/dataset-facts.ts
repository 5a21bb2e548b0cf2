// The facts of a dataset's splits, and which rows are held out; one streamed pass, a second one only for small files.
import { resolve } from "node:path";
import type { ObjectiveName } from "../recipes/schema.js";
import type { CanonicalRow, DatasetFacts } from "./canonical.js";
import type { FormatName } from "./formats/format.js";
import { type HeldOut, heldOutScore, planThreshold } from "./held-out.js";
import { readRows } from "./read-rows.js";
import { type SplitSum, sumSplit } from "./split-facts.js";
import { copiesOf } from "./weights.js";

/** Where the rows of a dataset are. */
export interface DataSource {
  /** Paths in `train` and `eval` are relative to it. */
  dir: string;
  train: TrainingFile[];
  /** Held-out rows; with it nothing is taken from `train`. */
  eval?: string[];
  /** Of the held-out files. */
  format: FormatName | "auto";
  /** What the rows are for; null: whatever they are. */
  objective: ObjectiveName | null;
  /** Decides which rows of a fractional weight are taken. */
  seed: number;
  /** Taken from `train` when there is no `eval`. */
  heldOut?: HeldOut;
}

export interface TrainingFile {
  path: string;
  format: FormatName | "auto";
  /** Times each row is taken. */
  weight: number;
}

export type Side = "train" | "eval";

/** @throws FtError data.* when a file cannot be read at all or is empty; rows with problems are left out */
export async function datasetFacts(source: DataSource): Promise<DatasetFacts> {
  const threshold = await heldOutThreshold(source);
  const sums = { train: sumSplit(), eval: sumSplit() };
  for await (const { side, row } of sidedRows(source, threshold)) sums[side].add(row);
  return joinFacts(sums, source);
}

/** Score below which a row of `train` is held out; 0: none. Reads the rows once. */
export async function heldOutThreshold(source: DataSource): Promise<number> {
  if (source.eval || !source.heldOut?.fraction) return 0;
  const { fraction, seed } = source.heldOut;
  const plan = planThreshold(fraction);
  for (const file of source.train) {
    for await (const { row } of readRows({ ...fileOf(source, file), report: ignore })) {
      if (row) plan.see(heldOutScore(row, seed));
    }
  }
  return plan.threshold();
}

/** All rows with the side they are on, in order: training files, then evaluation files. `report` gets what keeps a row from being one. */
export async function* sidedRows(
  source: DataSource,
  threshold: number,
  report: Parameters<typeof readRows>[0]["report"] = ignore,
): AsyncGenerator<{ side: Side; row: CanonicalRow; file: string; line: number }> {
  for (const file of source.train) {
    for await (const { place, row } of readRows({ ...fileOf(source, file), report })) {
      if (!row) continue;
      const isHeldOut = threshold > 0 && heldOutScore(row, source.heldOut!.seed) < threshold;
      if (isHeldOut) yield { side: "eval", row, ...place };
      else {
        const copies = copiesOf(row, file.weight, source.seed);
        for (let copy = 0; copy < copies; copy += 1) yield { side: "train", row, ...place };
      }
    }
  }
  for (const path of source.eval ?? []) {
    const file = { path, format: source.format };
    for await (const { place, row } of readRows({ ...fileOf(source, file), report }))
      if (row) yield { side: "eval", row, ...place };
  }
}

/** Sums facts in the pass of the check. */
export interface FactsSum {
  /** @param weight of the row's file; held-out rows count once */
  add(side: Side, row: CanonicalRow, keys: { digest: Buffer; loose: Buffer }, weight: number): void;
  /** Null when the threshold turned out to be another than the fraction: read the rows again. */
  facts(): DatasetFacts | null;
}

export function sumFacts(source: DataSource): FactsSum {
  const { fraction, seed } = (!source.eval && source.heldOut) || { fraction: 0, seed: 0 };
  const plan = planThreshold(fraction);
  const sums = { train: sumSplit(), eval: sumSplit() };
  return {
    add(side, row, { digest, loose }, weight) {
      const score = fraction > 0 ? heldOutScore(row, seed, loose) : 1;
      plan.see(score);
      const actual = score < fraction ? "eval" : side;
      const copies = actual === "train" ? copiesOf(row, weight, source.seed, digest) : 1;
      for (let copy = 0; copy < copies; copy += 1) sums[actual].add(row, digest);
    },
    facts: () => (plan.threshold() === fraction ? joinFacts(sums, source) : null),
  };
}

function joinFacts(sums: Record<Side, SplitSum>, source: DataSource): DatasetFacts {
  const held = sums.eval.facts();
  return { train: sums.train.facts(), eval: held.rows > 0 || source.eval ? held : null };
}

function fileOf({ dir, objective }: DataSource, { path, format }: Pick<TrainingFile, "path" | "format">) {
  return { path: resolve(dir, path), name: path, format, objective };
}

function ignore(): void {}
