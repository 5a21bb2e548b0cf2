// The packings of a dataset's rows, by every strategy.
import type { CanonicalRow, RowPlace } from "../canonical.js";
import type { DatasetSource } from "../dataset-facts.js";
import { noRowReadable } from "../read-rows.js";
import { curateRows, type ProgressOfFile } from "./curate-rows.js";
import { type Packing, packing, packingStrategies } from "./pack.js";

export interface PackPreview {
  /** That have tokens. */
  rows: number;
  tokens: number;
  maxLength: number;
  packings: Packing[];
}

/** @throws FtError data.no-rows, data.* */
export async function packRows(
  source: DatasetSource,
  tokensOf: (row: CanonicalRow) => number,
  maxLength: number,
  onBytes?: ProgressOfFile,
): Promise<PackPreview> {
  const lengths: number[] = [];
  let unread = null as { place: RowPlace; why: string | null } | null;
  let rows = 0;
  let read = 0;
  for await (const { row, place, fault } of curateRows(source, onBytes)) {
    rows += 1;
    if (row) read += 1;
    else unread ??= { place, why: fault };
    const length = row ? tokensOf(row) : 0;
    if (length > 0) lengths.push(length);
  }
  if (unread && read === 0) throw noRowReadable(rows, unread.place, unread.why);
  return {
    rows: lengths.length,
    tokens: lengths.reduce((sum, length) => sum + length, 0),
    maxLength,
    packings: packingStrategies.map((strategy) => packing(lengths, maxLength, strategy)),
  };
}
