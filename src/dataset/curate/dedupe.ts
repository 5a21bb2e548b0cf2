// Which rows repeat an earlier one: exactly, but for case and spaces, or nearly (MinHash).
import { looseDigest, rowDigest } from "../canonical-key.js";
import type { DatasetSource } from "../dataset-facts.js";
import type { NearIndex } from "../near-duplicates/near-index.js";
import { ownText } from "../near-duplicates/own-text.js";
import { createRowIndex } from "../row-index.js";
import { curateRows, type ProgressOfFile } from "./curate-rows.js";
import { type Decisions, isUsable, noDecisions } from "./decisions.js";

/** What counts as the same: everything; all but case and spaces; that, and what an index of near rows finds. */
export type Likeness = "exact" | "loose" | NearIndex;

/** The first row of each kind is kept. The index is used up and closed. */
export async function dedupe(source: DatasetSource, likeness: Likeness, onBytes?: ProgressOfFile): Promise<Decisions> {
  const decisions = noDecisions();
  const seen = createRowIndex();
  const near = typeof likeness === "string" ? null : likeness;
  try {
    for await (const each of curateRows(source, onBytes)) {
      let text = "";
      if (isUsable(each, decisions)) {
        const digest = rowDigest(each.row);
        const same = seen.add(
          likeness === "exact" ? digest.subarray(0, 16) : looseDigest(each.row),
          digest,
          each.place,
        );
        if (same)
          decisions.drops.set(each.number, {
            reason: same.exact ? "duplicate" : "duplicate but for case and spaces",
            like: same.place,
          });
        else text = ownText(each.row);
      }
      near?.add(text);
    }
    const first = (await near?.finish()) ?? new Int32Array(0);
    first.forEach((like, number) => {
      if (like !== number) decisions.drops.set(number, { reason: "near duplicate", like });
    });
    return decisions;
  } finally {
    near?.close();
  }
}
