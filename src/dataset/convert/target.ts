// What a target of `ft data convert` is: how one row is written, or why it cannot be, and what the platform asks of the whole file.
import type { CanonicalRow } from "../canonical.js";
import type { Json } from "../json/json.js";

/** One JSON line. */
export type Line = { [column: string]: Json };

export interface Target {
  /** What reads such files, with the place where its format is described. */
  about: string;
  /** A line, or why this row cannot be written so that nothing of it is lost. */
  convert(row: CanonicalRow): Line | Refusal;
  /** Rows that a file may have. */
  rows?: { least?: number; most?: number };
}

/** Thrown nowhere: a value. */
export class Refusal {
  constructor(readonly why: string) {}
}
