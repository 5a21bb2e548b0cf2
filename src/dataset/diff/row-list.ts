// Every row of one side by its digests and place, in typed arrays: 40 bytes a row, whatever the row's size.
import type { RowPlace } from "../canonical.js";

export interface RowList {
  count(): number;
  /** `exact` names the row, `prompt` what it answers; null where a row has nothing that it answers. */
  add(row: { exact: Buffer; prompt: Buffer | null; place: RowPlace }): void;
  place(row: number): RowPlace;
  /** Rows in the order of a digest, then of the file. Rows without a prompt are left out of "prompt". */
  sortedBy(digest: DigestName, rows?: number[]): number[];
  /** < 0, 0, > 0 as the digest of a row of this list is to that of a row of another. */
  compare(digest: DigestName, row: number, other: RowList, otherRow: number): number;
  words: Uint32Array;
}

export type DigestName = "exact" | "prompt";

/** Of a row: 4 words of the exact digest, 4 of the prompt's (all 0: none), file, line. */
const width = 10;
const offsets = { exact: 0, prompt: 4 } as const;

export function rowList(): RowList {
  const files: string[] = [];
  let count = 0;
  const list: RowList = {
    words: new Uint32Array(1024 * width),
    count: () => count,
    add({ exact, prompt, place }) {
      const at = count * width;
      if (at === list.words.length) {
        const grown = new Uint32Array(list.words.length * 2);
        grown.set(list.words);
        list.words = grown;
      }
      for (let word = 0; word < 4; word += 1) {
        list.words[at + word] = exact.readUInt32LE(word * 4);
        if (prompt) list.words[at + 4 + word] = prompt.readUInt32LE(word * 4);
      }
      if (files.at(-1) !== place.file) files.push(place.file);
      list.words[at + 8] = files.length - 1;
      list.words[at + 9] = place.line;
      count += 1;
    },
    place: (row) => ({
      file: files[list.words[row * width + 8]!]!,
      line: list.words[row * width + 9]!,
    }),
    sortedBy(digest, rows = Array.from({ length: count }, (_, row) => row)) {
      const with_ = digest === "exact" ? rows : rows.filter((row) => hasPrompt(list.words, row));
      return with_.sort((a, b) => list.compare(digest, a, list, b) || a - b);
    },
    compare(digest, row, other, otherRow) {
      const [at, otherAt] = [row * width + offsets[digest], otherRow * width + offsets[digest]];
      for (let word = 0; word < 4; word += 1) {
        const difference = list.words[at + word]! - other.words[otherAt + word]!;
        if (difference !== 0) return difference;
      }
      return 0;
    },
  };
  return list;
}

function hasPrompt(words: Uint32Array, row: number): boolean {
  const at = row * width + offsets.prompt;
  return (words[at]! | words[at + 1]! | words[at + 2]! | words[at + 3]!) !== 0;
}
