// DUP003: rows that repeat an earlier one but for a few words, told when all rows were seen.
import type { CanonicalRow, Finding, RowPlace } from "../canonical.js";
import { toFinding } from "../rules.js";
import { createNearIndex, type NearIndex } from "./near-index.js";
import { ownText } from "./own-text.js";

export interface NearCopies {
  see(row: CanonicalRow, place: RowPlace): void;
  finish(): Promise<Finding[]>;
  /** Gives temporary files up, finished or not. */
  close(): void;
}

export function nearCopies(): NearCopies {
  const index: NearIndex = createNearIndex();
  const files: string[] = [];
  // Two numbers a row: its file and its line.
  let places = new Uint32Array(2048);
  let rows = 0;
  const placeOf = (row: number): RowPlace => ({
    file: files[places[2 * row] as number] as string,
    line: places[2 * row + 1] as number,
  });
  return {
    see(row, { file, line }) {
      if (files.at(-1) !== file) files.push(file);
      if (2 * rows === places.length) {
        const larger = new Uint32Array(2 * places.length);
        larger.set(places);
        places = larger;
      }
      places.set([files.length - 1, line], 2 * rows);
      index.add(ownText(row));
      rows += 1;
    },
    async finish() {
      const firstOf = await index.finish();
      const findings: Finding[] = [];
      for (let row = 0; row < rows; row += 1) {
        const first = firstOf[row] as number;
        if (first === row) continue;
        const [place, like] = [placeOf(row), placeOf(first)];
        const name = like.file === place.file ? `line ${like.line}` : `${like.file}:${like.line}`;
        findings.push(toFinding({ rule: "DUP003", message: `nearly the same as ${name}` }, place));
      }
      return findings;
    },
    close: index.close,
  };
}
