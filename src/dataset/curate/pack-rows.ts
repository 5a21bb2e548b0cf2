// The packings of a dataset's rows, by every strategy.
import type { CanonicalRow } from "../canonical.js";
import type { DatasetSource } from "../dataset-facts.js";
import { curateRows, type ProgressOfFile } from "./curate-rows.js";
import { type Packing, packing, packingStrategies } from "./pack.js";

export interface PackPreview {
  /** That have tokens. */
  rows: number;
  tokens: number;
  maxLength: number;
  packings: Packing[];
}

export async function packRows(
  source: DatasetSource,
  tokensOf: (row: CanonicalRow) => number,
  maxLength: number,
  onBytes?: ProgressOfFile,
): Promise<PackPreview> {
  const lengths: number[] = [];
  for await (const { row } of curateRows(source, onBytes)) {
    const length = row ? tokensOf(row) : 0;
    if (length > 0) lengths.push(length);
  }
  return {
    rows: lengths.length,
    tokens: lengths.reduce((sum, length) => sum + length, 0),
    maxLength,
    packings: packingStrategies.map((strategy) => packing(lengths, maxLength, strategy)),
  };
}
