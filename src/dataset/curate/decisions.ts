// What becomes of each row, and the one pass that writes it: kept and held-out rows as they were, dropped ones with their reason.
import type { RowPlace } from "../canonical.js";
import type { DatasetSource } from "../dataset-facts.js";
import { openLineWriter } from "../line-writer.js";
import { noRowReadable } from "../read-rows.js";
import { type CurateRow, curateRows, type ProgressOfFile } from "./curate-rows.js";

/** Why a row is left out; `like` is the row that it duplicates, by place or by number. */
interface Drop {
  reason: string;
  like?: RowPlace | number;
}

/** By row number. What stands in neither is kept. */
export interface Decisions {
  drops: Map<number, Drop>;
  /** Of a split: rows that go to the evaluation file. */
  heldOut: Set<number>;
  /** What a person should know of the choice. */
  notes: string[];
}

export function noDecisions(): Decisions {
  return { drops: new Map(), heldOut: new Set(), notes: [] };
}

/** Gives what is not a row its reason; true when the row can be decided upon. */
export function isUsable(
  row: CurateRow,
  { drops }: Decisions,
): row is CurateRow & { row: NonNullable<CurateRow["row"]> } {
  if (row.row === null) drops.set(row.number, { reason: `${notARow}: ${row.fault ?? "its format is not the file's"}` });
  return row.row !== null;
}

const notARow = "not a row";

export interface CurateOutputs {
  /** JSON lines. */
  kept: string;
  /** Only for a split. */
  heldOut?: string;
  /** JSON lines {file, line, reason, like?, row}. */
  dropped: string;
}

export interface Curated {
  rows: number;
  kept: number;
  heldOut: number;
  dropped: number;
  /** Dropped rows by reason. */
  reasons: Record<string, number>;
}

/**
 * Second pass over the rows. Files appear whole or not at all.
 * @throws FtError data.no-rows when none is a row, data.*, env.*
 */
export async function writeCurated(
  source: DatasetSource,
  { drops, heldOut }: Decisions,
  outputs: CurateOutputs,
  onBytes?: ProgressOfFile,
): Promise<Curated> {
  const paths = [outputs.kept, ...(outputs.heldOut === undefined ? [] : [outputs.heldOut]), outputs.dropped];
  const writers = await Promise.all(paths.map((path) => openLineWriter(path)));
  const kept = writers[0]!;
  const held = writers.length === 3 ? writers[1]! : kept;
  const dropped = writers.at(-1)!;
  const summary: Curated = { rows: 0, kept: 0, heldOut: 0, dropped: 0, reasons: {} };
  let first = null as { place: RowPlace; why: string | undefined } | null;
  const likeRows = new Map<number, RowPlace | null>();
  for (const { like } of drops.values()) if (typeof like === "number") likeRows.set(like, null);
  try {
    for await (const { number, place, value } of curateRows(source, onBytes)) {
      summary.rows += 1;
      first ??= { place, why: drops.get(number)?.reason };
      if (likeRows.has(number)) likeRows.set(number, place);
      const drop = drops.get(number);
      if (drop) {
        summary.dropped += 1;
        const reason = drop.reason.replace(/:.*/s, "");
        summary.reasons[reason] = (summary.reasons[reason] ?? 0) + 1;
        const like = typeof drop.like === "number" ? likeRows.get(drop.like) : drop.like;
        await dropped.write({ ...place, reason: drop.reason, ...(like && { like: { ...like } }), row: value });
      } else if (heldOut.has(number)) {
        summary.heldOut += 1;
        await held.write(value);
      } else {
        summary.kept += 1;
        await kept.write(value);
      }
    }
    if (first && summary.reasons[notARow] === summary.rows)
      throw noRowReadable(summary.rows, first.place, first.why?.slice(notARow.length + 2) ?? null);
    for (const writer of writers) await writer.commit();
    return summary;
  } finally {
    for (const writer of writers) await writer.discard();
  }
}
