// DUP, LEAK001-2 and what contradicts: rows that repeat others, told when all rows were seen. Memory grows by some bytes a row, only at the end.
import type { Finding, RowPlace } from "../canonical.js";
import { clusters, writeLone } from "../near-duplicates/near-index.js";
import { type RowProblem, toFinding } from "../rules.js";
import { firstOfKey } from "./first-of-key.js";
import { createKeyFile } from "./key-file.js";
import { keysOfRow, rowKey } from "./row-keys.js";

export interface Repeats {
  /** @param keys of the row (writeRowKeys). @param label of a labelled answer. Training rows come first. */
  add(keys: Uint32Array, place: RowPlace, row: { side: "train" | "eval"; label: boolean | null }): void;
  /** In the order of the rows within a rule. Ends it. */
  finish(): Iterable<Finding>;
  /** Gives the temporary file up, finished or not. */
  close(): void;
}

/** @param near whether near copies (DUP003) are looked for */
export function findRepeats({ near }: { near: boolean }): Repeats {
  const keys = keysOfRow(near);
  // One more for the place: line, then file and label.
  const file = createKeyFile(keys + 1);
  const words = new Uint32Array((keys + 1) * 2);
  const lone = new Uint32Array(words.length);
  const names: string[] = [];
  let trainRows = 0;
  const seen: Seen = {
    near,
    names,
    get rows() {
      return file.rows;
    },
    get trainRows() {
      return trainRows;
    },
    hasOpposites: false,
    column: file.column,
    places: keys,
  };
  return {
    add(rowKeys, { file: name, line }, { side, label }) {
      writeLone(lone, file.rows);
      words.set(rowKeys);
      for (let at = 0; at < keys * 2; at += 2) {
        if (words[at] !== 0 || words[at + 1] !== 0) continue;
        words[at] = lone[at] as number;
        words[at + 1] = lone[at + 1] as number;
      }
      if (rowKeys[rowKey.opposite * 2] !== 0) seen.hasOpposites = true;
      if (names.at(-1) !== name) names.push(name);
      words[keys * 2] = line;
      words[keys * 2 + 1] = ((names.length - 1) << 2) | (label === null ? 0 : label ? 3 : 2);
      file.add(words);
      if (side === "train") trainRows += 1;
    },
    *finish() {
      try {
        yield* tellRepeats(seen);
      } finally {
        file.close();
      }
    },
    close: file.close,
  };
}

interface Seen {
  near: boolean;
  names: readonly string[];
  rows: number;
  /** The first ones. */
  trainRows: number;
  hasOpposites: boolean;
  column(key: number): BigUint64Array;
  /** Which column holds them. */
  places: number;
}

function* tellRepeats(seen: Seen): Generator<Finding> {
  const row = rowsAt(seen);
  const loose = seen.column(rowKey.loose);
  const firstOfLoose = firstOfKey(loose);
  yield* contradictions(seen, loose, row);
  yield* copies(seen, loose, firstOfLoose, row);
  yield* samePrompts(seen, loose, row);
  if (seen.near) yield* nearCopies(seen, firstOfLoose, row);
}

interface RowsAt {
  place(row: number): RowPlace & { key: string };
  /** Of a labelled answer. */
  label(row: number): boolean | null;
  isExactly(row: number, other: number): boolean;
}

function rowsAt({ column, places, names }: Seen): RowsAt {
  const placeWords = words(column(places));
  const exact = words(column(rowKey.exact));
  const bytes = Buffer.alloc(8);
  const second = (row: number) => placeWords[2 * row + 1] as number;
  return {
    place(row) {
      bytes.writeUInt32LE(exact[2 * row] as number, 0);
      bytes.writeUInt32LE(exact[2 * row + 1] as number, 4);
      const name = names[second(row) >>> 2] as string;
      return { file: name, line: placeWords[2 * row] as number, key: bytes.toString("hex") };
    },
    label: (row) => ((second(row) & 2) === 0 ? null : (second(row) & 1) === 1),
    isExactly: (row, other) => isSame(exact, row, other),
  };
}

/** A later row is told. */
function* contradictions(
  { hasOpposites, trainRows, column }: Seen,
  loose: BigUint64Array,
  at: RowsAt,
): Generator<Finding> {
  if (!hasOpposites) return;
  const both = new BigUint64Array(trainRows * 2);
  both.set(loose.subarray(0, trainRows));
  both.set(column(rowKey.opposite).subarray(0, trainRows), trainRows);
  const first = firstOfKey(both);
  for (let row = 0; row < trainRows; row += 1) {
    const other = first[trainRows + row] as number;
    if (other >= row) continue;
    const label = at.label(row);
    const name = nameOf(at.place(other), at.place(row));
    const problem: RowProblem =
      label === null
        ? { rule: "PREF003", message: `${name} prefers the answer that is rejected here` }
        : { rule: "PREF007", message: `${name} labels the same answer ${!label}` };
    yield toFinding(problem, at.place(row));
  }
}

/** Seen before on the same side: a duplicate; an evaluation row seen in training: a leak. */
function* copies({ rows, trainRows }: Seen, loose: BigUint64Array, first: Int32Array, at: RowsAt): Generator<Finding> {
  for (let row = 0; row < trainRows; row += 1) {
    const other = first[row] as number;
    if (other === row) continue;
    const rule = at.isExactly(row, other) ? "DUP001" : "DUP002";
    const message = `the same as ${nameOf(at.place(other), at.place(row))}${butFor(row, other, at)}`;
    yield toFinding({ rule, message }, at.place(row));
  }
  if (trainRows === rows) return;
  const firstHeldOut = firstOfKey(loose.subarray(trainRows));
  for (let row = trainRows; row < rows; row += 1) {
    const twin = trainRows + (firstHeldOut[row - trainRows] as number);
    const trained = first[row] as number;
    if (twin !== row) {
      const message = `the same as ${nameOf(at.place(twin), at.place(row))}${butFor(row, twin, at)}`;
      yield toFinding({ rule: "DUP005", message }, at.place(row));
    }
    if (trained < trainRows) {
      const { file, line } = at.place(trained);
      const message = `also a training row: ${file}:${line}${butFor(row, trained, at)}`;
      yield toFinding({ rule: "LEAK001", message }, at.place(row));
    }
  }
}

function butFor(row: number, other: number, at: RowsAt): string {
  return at.isExactly(row, other) ? "" : ", but for case and spaces";
}

/** The same turns before the answer, and another answer than the first row with them. */
function* samePrompts({ rows, trainRows, column }: Seen, loose: BigUint64Array, at: RowsAt): Generator<Finding> {
  const first = firstOfKey(column(rowKey.prompt));
  const whole = words(loose);
  for (let row = 0; row < rows; row += 1) {
    const other = first[row] as number;
    if (other === row || other >= trainRows || isSame(whole, row, other)) continue;
    const { file, line } = at.place(other);
    const problem: RowProblem =
      row < trainRows
        ? { rule: "DUP004", message: `the prompt of ${nameOf(at.place(other), at.place(row))}, with another answer` }
        : { rule: "LEAK002", message: `the prompt of the training row ${file}:${line}, with another answer` };
    yield toFinding(problem, at.place(row));
  }
}

/** A copy is near to what it copies; that is told already. */
function* nearCopies({ trainRows, column }: Seen, copyOf: Int32Array, at: RowsAt): Generator<Finding> {
  const first = clusters(trainRows, (band) => column(rowKey.near + band).subarray(0, trainRows));
  for (let row = 0; row < trainRows; row += 1) {
    const other = first[row] as number;
    if (other === row || copyOf[row] !== row) continue;
    const message = `nearly the same as ${nameOf(at.place(other), at.place(row))}`;
    yield toFinding({ rule: "DUP003", message }, at.place(row));
  }
}

/** As a finding in the other place says it. */
function nameOf(place: RowPlace, from: RowPlace): string {
  return place.file === from.file ? `line ${place.line}` : `${place.file}:${place.line}`;
}

function words(keys: BigUint64Array): Uint32Array {
  return new Uint32Array(keys.buffer, keys.byteOffset, keys.length * 2);
}

function isSame(keys: Uint32Array, row: number, other: number): boolean {
  return keys[2 * row] === keys[2 * other] && keys[2 * row + 1] === keys[2 * other + 1];
}
