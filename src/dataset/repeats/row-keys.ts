// The keys by which a row is found to repeat another: of all it says, of its prompt, of what would contradict it, of near copies.
import type { CanonicalRow } from "../canonical.js";
import { looseDigest } from "../canonical-key.js";
import { ownText } from "../near-duplicates/own-text.js";
import { minhash, writeSignature } from "../near-duplicates/signature.js";

/** 64 bits each. Those of near copies come last, and only where they are looked for. */
export const rowKey = { loose: 0, exact: 1, prompt: 2, opposite: 3, near: 4 } as const;

/** @param near whether near copies are looked for */
export function keysOfRow(near: boolean): number {
  return rowKey.near + (near ? minhash.bands : 0);
}

export interface RowDigests {
  /** rowDigest and looseDigest. */
  exact: Buffer;
  loose: Buffer;
  /** Loose, of a conversation up to its answer; null: the row is none. */
  prompt: Buffer | null;
}

/** Two words a key; a key of noughts: there is none. `into` has room for all keys. */
export function writeRowKeys(row: CanonicalRow, { exact, loose, prompt }: RowDigests, into: Uint32Array): void {
  into.fill(0);
  write(loose, rowKey.loose, into);
  write(exact, rowKey.exact, into);
  if (prompt) write(prompt, rowKey.prompt, into);
  const opposite = oppositeOf(row);
  if (opposite) write(looseDigest(opposite), rowKey.opposite, into);
  if (into.length > rowKey.near * 2) writeSignature(ownText(row), into, rowKey.near * 2);
}

function write(digest: Buffer, key: number, into: Uint32Array): void {
  into[key * 2] = digest.readUInt32LE(0);
  into[key * 2 + 1] = digest.readUInt32LE(4);
}

/** The pair with its answers changed over, the answer with the other label: such a row contradicts this one. */
function oppositeOf(row: CanonicalRow): CanonicalRow | null {
  if (row.kind === "preference") return { ...row, chosen: row.rejected, rejected: row.chosen };
  return row.kind === "unpaired" ? { ...row, label: !row.label } : null;
}
