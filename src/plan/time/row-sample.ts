// How long the training sequences are: a bounded sample of the rows that always holds the longest, counted by the model's own tokenizer where it is here, else by characters.
import type { CanonicalRow, DatasetFacts } from "../../dataset/canonical.js";
import type { DatasetSource, Side } from "../../dataset/dataset-facts.js";
import { filesOf } from "../../dataset/dataset-facts.js";
import { chatLines, type Layout } from "../../dataset/layout.js";
import { readRows } from "../../dataset/read-rows.js";
import { rowsFor } from "../../dataset/rows-for.js";
import { charsOf } from "../../dataset/split-facts.js";
import { evenSample } from "../../dataset/stats/even-sample.js";
import { timesTaken } from "../../dataset/weigh-row.js";
import type { RowLengths } from "../recipe-setting.js";
import { weightedMean } from "./weighted.js";

export interface RowSample {
  by: "tokenizer" | "characters";
  /** Rows that were counted. */
  rows: number;
  /** Characters that a token stands for: of these rows, or assumed. */
  charsPerToken: number;
  examples: Example[];
  /** Tokens of the longest sequence, uncut, of each side; null: no rows are held out. */
  longest: { train: number; heldOut: number | null };
  /** Mean characters of a row, by these; the whole data's mean corrects it where the sample is of its beginning. */
  meanChars: number;
  /** Standard error of the tokens' sum, as a share of it; of the assumed factor by characters. */
  error: number;
}

export interface Example {
  /** Tokens of its sequences, uncut: two of a preference pair. */
  sequences: number[];
  /** Examples of the data that it stands for: the longest rows for themselves, a row of the even sample for all those left out between. */
  share: number;
}

/** Counts a row's sequences; null: it can't be told. Made of the model's tokenizer and template (dataset/masks). */
export type CountTokens = (row: CanonicalRow) => number[] | null;

/** English prose has about 4 characters a token, code and JSON about 3; a turn's markup takes some tokens. Assumed where no tokenizer is here. */
const assumed = { chars: 3.7, wideChars: 1.4, markup: 6, error: 0.2 };

/** Of the longest row where its tokens were not counted: 3 characters a token (code, JSON) are a quarter more than 3.7. */
const longestError = 0.25;

/** More are not read and counted: a plan is to be quick. `longest`: rows, of which one alone is counted whatever its length up to `aLong` characters. */
const most = { read: 20_000, counted: 1000, chars: 400_000, longest: 8, aLong: 4_000_000 };

/** What the memory estimate takes of a sample. */
export function lengthsOf({ by, examples, longest }: RowSample): RowLengths {
  const sequences = examples.flatMap(({ sequences: each, share }) => each.map((value) => ({ value, share })));
  return {
    ...{ longest: Math.ceil(longest.train), mean: weightedMean(sequences), heldOut: longest.heldOut },
    ...(by === "characters" ? { error: longestError } : {}),
  };
}

/**
 * An even sample of the first rows of each file, and the longest rows of all: `facts` says how long they are, so that reading goes on until
 * they came. Null: no row could be read. Throws FtError data.* for a file that cannot be used.
 */
export async function sampleRows(
  source: DatasetSource,
  { facts, layout, count }: { facts: DatasetFacts; layout: Layout; count: CountTokens | null },
): Promise<RowSample | null> {
  const sample = evenSample<CanonicalRow>(most.counted);
  const longest = longestRows(facts.train.longestChars);
  const heldOut = longestRows(facts.eval?.longestChars ?? 0);
  const isSplit = facts.eval !== null && source.eval === undefined;
  // Of rows that are held out by a share of the training files it is not asked which: they are as long as the others, and no longer than the facts say.
  const see = (row: CanonicalRow, times: number, isSampled: boolean): void => {
    const chars = charsOf(row);
    if (isSplit) heldOut.see(row, chars, 1);
    if (chars > facts.train.longestChars) return;
    longest.see(row, chars, times);
    for (let taken = 0; isSampled && taken < times; taken += 1) if (sample.next()) sample.keep(row);
  };
  const seeHeldOut = (row: CanonicalRow): void => heldOut.see(row, charsOf(row), 1);
  const isDone = (): boolean => longest.isComplete() && (!isSplit || heldOut.isComplete());
  await readBeginnings(source, "train", see);
  if (!isDone()) await readRest(source, "train", { see, isDone });
  if (facts.eval !== null && !isSplit) {
    await readBeginnings(source, "eval", seeHeldOut);
    if (!heldOut.isComplete()) await readRest(source, "eval", { see: seeHeldOut, isDone: heldOut.isComplete });
  }
  if (longest.kept.length === 0) return null;
  const rest = sample.kept.filter((row) => !longest.kept.some((one) => one.row === row));
  return counted({ rest, longest: longest.kept, heldOut: heldOut.kept, rows: facts.train.rows }, layout, count);
}

type See = (row: CanonicalRow, times: number, isSampled: boolean) => void;

async function readBeginnings(source: DatasetSource, side: Side, see: See): Promise<void> {
  for (const file of filesOf(source, side)) {
    let read = 0;
    for await (const { row } of readRows({ ...file, report: () => undefined })) {
      if (row) seeAll(row, { source, weight: file.weight }, (each, times) => see(each, times, true));
      read += 1;
      if (read >= most.read) break;
    }
  }
}

async function readRest(
  source: DatasetSource,
  side: Side,
  { see, isDone }: { see: See; isDone(): boolean },
): Promise<void> {
  for (const file of filesOf(source, side)) {
    let read = 0;
    for await (const { row } of readRows({ ...file, report: () => undefined })) {
      read += 1;
      if (!row || read <= most.read) continue;
      seeAll(row, { source, weight: file.weight }, (each, times) => see(each, times, false));
      if (isDone()) return;
    }
  }
}

/** As the objective takes the row, and as often as it is trained on. */
function seeAll(
  row: CanonicalRow,
  { source, weight }: { source: DatasetSource; weight: number },
  see: (row: CanonicalRow, times: number) => void,
): void {
  const rows = source.objective ? rowsFor(row, source.objective) : [row];
  if (!Array.isArray(rows)) return;
  const times = timesTaken(row, weight, source.seed);
  if (times > 0) for (const each of rows) see(each, times);
}

interface LongRow {
  row: CanonicalRow;
  chars: number;
  times: number;
}

/** Keeps the longest that are seen, none longer than `limit` characters; complete when one has as many. */
function longestRows(limit: number) {
  const kept: LongRow[] = [];
  return {
    kept,
    see(row: CanonicalRow, chars: number, times: number): void {
      if (chars > limit || (kept.length === most.longest && chars <= kept.at(-1)!.chars)) return;
      const at = kept.findIndex((one) => one.chars < chars);
      kept.splice(at < 0 ? kept.length : at, 0, { row, chars, times });
      kept.length = Math.min(kept.length, most.longest);
    },
    isComplete: () => kept.length > 0 && kept[0]!.chars >= limit,
  };
}

function counted(
  { rest, longest, heldOut, rows }: { rest: CanonicalRow[]; longest: LongRow[]; heldOut: LongRow[]; rows: number },
  layout: Layout,
  count: CountTokens | null,
): RowSample {
  const every = count ? Math.max(1, Math.ceil(sum(rest.map(charsOf)) / most.chars)) : 1;
  const some = rest.filter((_, index) => index % every === 0);
  const left = rows - sum(longest.map(({ times }) => times));
  // A row that the template refuses, or whose mask is not certain, is counted by its characters.
  const sequencesOf = (row: CanonicalRow): number[] => count?.(row) ?? sequencesByChars(row, layout);
  const long = boundedCount(longest, sequencesOf, layout);
  const even = some.map((row) => ({
    ...{ row, chars: charsOf(row), sequences: sequencesOf(row), share: Math.max(0, left) / some.length },
  }));
  const all = [...long.map((one) => ({ ...one, share: one.times })), ...even];
  const chars = sum(all.map((one) => one.share * one.chars));
  const tokens = sum(all.map((one) => one.share * sum(one.sequences)));
  const held = boundedCount(heldOut, sequencesOf, layout).flatMap(({ sequences }) => sequences);
  return {
    by: count ? "tokenizer" : "characters",
    rows: all.length,
    charsPerToken: count ? chars / Math.max(1, tokens) : assumed.chars,
    examples: all
      .flatMap(({ row, sequences, share }) => asExamples(row, sequences).map((each) => ({ sequences: each, share })))
      .filter(({ sequences }) => sum(sequences) > 0),
    longest: {
      train: largest(all.flatMap(({ sequences }) => sequences)),
      heldOut: held.length > 0 ? largest(held) : null,
    },
    meanChars: chars / Math.max(1, sum(all.map(({ share }) => share))),
    error: !count ? assumed.error : left <= some.length ? 0 : ratioError(even),
  };
}

/** The longest one by the tokenizer, and of the others as many as are not too much to count. */
function boundedCount(
  rows: readonly LongRow[],
  sequencesOf: (row: CanonicalRow) => number[],
  layout: Layout,
): (LongRow & { sequences: number[] })[] {
  let chars = 0;
  return rows.map((one, index) => {
    chars += one.chars;
    const isCounted = index === 0 ? chars <= most.aLong : chars <= most.chars;
    return { ...one, sequences: isCounted ? sequencesOf(one.row) : sequencesByChars(one.row, layout) };
  });
}

/** The answers of a pair are one example; else every sequence is one. */
function asExamples(row: CanonicalRow, sequences: number[]): number[][] {
  return row.kind === "preference" ? [sequences] : sequences.map((tokens) => [tokens]);
}

function sequencesByChars(row: CanonicalRow, layout: Layout): number[] {
  switch (row.kind) {
    case "messages":
      return chatLines(row.messages, layout).map((line) =>
        tokensOfTurns("messages" in line ? line.messages : [...line.prompt, ...line.completion]),
      );
    case "preference":
      return [row.chosen, row.rejected].map((answer) => tokensOfTurns([...row.prompt, ...answer]));
    case "unpaired":
      return [tokensOfTurns([...row.prompt, ...row.completion])];
    case "prompt":
      return [tokensOfTurns(row.prompt)];
    case "tokens":
      return [row.ids.length];
    case "text":
      return [tokensOfText(row.text)];
    case "segments":
      return [tokensOfText(row.segments.map(({ text }) => text).join(""))];
  }
}

function tokensOfTurns(turns: readonly { content: string }[]): number {
  return turns.reduce((tokens, { content }) => tokens + tokensOfText(content) + assumed.markup, 0);
}

/** Chinese, Japanese and Korean characters are a token or nearly. */
function tokensOfText(text: string): number {
  const wide = text.match(/[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]/g)?.length ?? 0;
  return Math.ceil((text.length - wide) / assumed.chars + wide / assumed.wideChars);
}

/** Of a ratio estimator, sum of tokens over sum of characters, as a share (Cochran, Sampling Techniques, section 6.4). */
function ratioError(rows: readonly { sequences: number[]; chars: number }[]): number {
  const n = rows.length;
  const tokens = rows.map(({ sequences }) => sum(sequences));
  const ratio = sum(tokens) / Math.max(1, sum(rows.map(({ chars }) => chars)));
  const residuals = rows.reduce((total, { chars }, index) => total + (tokens[index]! - ratio * chars) ** 2, 0);
  return n < 2 ? 1 : Math.sqrt(residuals / (n - 1) / n) / (sum(tokens) / n);
}

/** Without spreading: rows may be many. */
function largest(values: readonly number[]): number {
  return values.reduce((most, value) => Math.max(most, value), 0);
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
