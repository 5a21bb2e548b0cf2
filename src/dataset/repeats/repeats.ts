// DUP, LEAK001-2 and what contradicts: rows that repeat others, told when all rows were seen. Memory grows with the repeats, not with the rows.
import type { Finding, RowPlace } from "../canonical.js";
import { clusters, writeLone } from "../near-duplicates/near-index.js";
import { type RowProblem, toFinding } from "../rules.js";
import { createKeyFile } from "./key-file.js";
import { type KeyBlock, repeatsOf } from "./repeated-keys.js";
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
    blocks: file.blocks,
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
  blocks(key: number, to: number): Iterable<KeyBlock>;
  column(key: number): Uint32Array;
  /** Which key holds them. */
  places: number;
}

function* tellRepeats(seen: Seen): Generator<Finding> {
  const at = rowsAt(seen);
  yield* contradictions(seen, at);
  yield* copies(seen, at);
  yield* samePrompts(seen, at);
  if (seen.near) yield* nearCopies(seen, at);
}

/** What is known of rows; read when the first of it is asked for. */
interface RowsAt {
  place(row: number): RowPlace & { key: string };
  /** Of a labelled answer. */
  label(row: number): boolean | null;
  isSame(key: number, row: number, other: number): boolean;
}

function rowsAt({ column, places, names }: Seen): RowsAt {
  const columns = new Map<number, Uint32Array>();
  const words = (key: number): Uint32Array => {
    const known = columns.get(key) ?? column(key);
    columns.set(key, known);
    return known;
  };
  const bytes = Buffer.alloc(8);
  const second = (row: number) => words(places)[2 * row + 1] as number;
  return {
    place(row) {
      const exact = words(rowKey.exact);
      bytes.writeUInt32LE(exact[2 * row] as number, 0);
      bytes.writeUInt32LE(exact[2 * row + 1] as number, 4);
      const name = names[second(row) >>> 2] as string;
      return { file: name, line: words(places)[2 * row] as number, key: bytes.toString("hex") };
    },
    label: (row) => ((second(row) & 2) === 0 ? null : (second(row) & 1) === 1),
    isSame(key, row, other) {
      const keys = words(key);
      return keys[2 * row] === keys[2 * other] && keys[2 * row + 1] === keys[2 * other + 1];
    },
  };
}

/** A later row is told. */
function* contradictions({ hasOpposites, trainRows, blocks }: Seen, at: RowsAt): Generator<Finding> {
  if (!hasOpposites) return;
  function* both(): Generator<KeyBlock> {
    yield* blocks(rowKey.loose, trainRows);
    for (const { first, words } of blocks(rowKey.opposite, trainRows)) yield { first: trainRows + first, words };
  }
  for (const { row: opposite, first: other } of repeatsOf(2 * trainRows, both)) {
    const row = opposite - trainRows;
    if (row < 0 || other >= row) continue;
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
function* copies({ rows, trainRows, blocks }: Seen, at: RowsAt): Generator<Finding> {
  const butFor = (row: number, other: number) =>
    at.isSame(rowKey.exact, row, other) ? "" : ", but for case and spaces";
  const copyOf = (rule: "DUP001" | "DUP002" | "DUP005", row: number, other: number): Finding => {
    const message = `the same as ${nameOf(at.place(other), at.place(row))}${butFor(row, other)}`;
    return toFinding({ rule, message }, at.place(row));
  };
  for (const { row, first } of repeatsOf(rows, () => blocks(rowKey.loose, rows))) {
    if (row < trainRows) yield copyOf(at.isSame(rowKey.exact, row, first) ? "DUP001" : "DUP002", row, first);
    else if (first < trainRows) {
      const { file, line } = at.place(first);
      const message = `also a training row: ${file}:${line}${butFor(row, first)}`;
      yield toFinding({ rule: "LEAK001", message }, at.place(row));
    }
  }
  function* heldOut(): Generator<KeyBlock> {
    for (const { first, words } of blocks(rowKey.loose, rows)) {
      const skipped = Math.max(0, trainRows - first);
      if (skipped * 2 < words.length) yield { first: first + skipped, words: words.subarray(skipped * 2) };
    }
  }
  for (const { row, first } of repeatsOf(rows - trainRows, heldOut)) yield copyOf("DUP005", row, first);
}

/** The same turns before the answer, and another answer than the first row with them. */
function* samePrompts({ rows, trainRows, blocks }: Seen, at: RowsAt): Generator<Finding> {
  for (const { row, first } of repeatsOf(rows, () => blocks(rowKey.prompt, rows))) {
    if (first >= trainRows || at.isSame(rowKey.loose, row, first)) continue;
    const { file, line } = at.place(first);
    const problem: RowProblem =
      row < trainRows
        ? { rule: "DUP004", message: `the prompt of ${nameOf(at.place(first), at.place(row))}, with another answer` }
        : { rule: "LEAK002", message: `the prompt of the training row ${file}:${line}, with another answer` };
    yield toFinding(problem, at.place(row));
  }
}

/** A copy is near to what it copies; that is told already. */
function* nearCopies({ trainRows, blocks }: Seen, at: RowsAt): Generator<Finding> {
  const repeatsOfKey = (key: number) => repeatsOf(trainRows, () => blocks(key, trainRows));
  const firstOf = clusters(trainRows, (band) => repeatsOfKey(rowKey.near + band));
  for (const { row } of repeatsOfKey(rowKey.loose)) firstOf[row] = row;
  for (let row = 0; row < trainRows; row += 1) {
    const first = firstOf[row] as number;
    if (first === row) continue;
    const message = `nearly the same as ${nameOf(at.place(first), at.place(row))}`;
    yield toFinding({ rule: "DUP003", message }, at.place(row));
  }
}

/** As a finding in the other place says it. */
function nameOf(place: RowPlace, from: RowPlace): string {
  return place.file === from.file ? `line ${place.line}` : `${place.file}:${place.line}`;
}
