// How long the training sequences are: a bounded sample of the rows, counted by the model's own tokenizer where it is here, else by characters.
import type { CanonicalRow } from "../../dataset/canonical.js";
import type { DatasetSource } from "../../dataset/dataset-facts.js";
import { filesOf } from "../../dataset/dataset-facts.js";
import { chatLines, type Layout } from "../../dataset/layout.js";
import { readRows } from "../../dataset/read-rows.js";
import { rowsFor } from "../../dataset/rows-for.js";
import { charsOf } from "../../dataset/split-facts.js";
import { evenSample } from "../../dataset/stats/even-sample.js";
import { timesTaken } from "../../dataset/weigh-row.js";

export interface RowSample {
  by: "tokenizer" | "characters";
  /** Rows that were counted. */
  rows: number;
  /** Characters that a token stands for: of these rows, or assumed. */
  charsPerToken: number;
  /** Tokens of the sequences of each training example, uncut: two of a preference pair. */
  examples: number[][];
  /** Mean characters of these rows; the whole data's mean corrects it where the sample is of its beginning. */
  meanChars: number;
  /** Standard error of the tokens' sum, as a share of it; of the assumed factor by characters. */
  error: number;
}

/** Counts a row's sequences; null: it can't be told. Made of the model's tokenizer and template (dataset/masks). */
export type CountTokens = (row: CanonicalRow) => number[] | null;

/** English prose has about 4 characters a token, code and JSON about 3; a turn's markup takes some tokens. Assumed where no tokenizer is here. */
const assumed = { chars: 3.7, wideChars: 1.4, markup: 6, error: 0.2 };

/** More are not read and counted: a plan is to be quick. */
const most = { read: 20_000, counted: 1000, chars: 400_000 };

/** Held-out rows are among them: they are a random share. Null: no row could be read. Throws FtError data.* for a file that cannot be used. */
export async function sampleRows(
  source: DatasetSource,
  { layout, count }: { layout: Layout; count: CountTokens | null },
): Promise<RowSample | null> {
  const sample = evenSample<CanonicalRow>(most.counted);
  for (const { weight, ...file } of filesOf(source, "train")) {
    let read = 0;
    for await (const { row } of readRows({ ...file, report: () => undefined })) {
      if (row) keep(row, weight);
      read += 1;
      if (read >= most.read) break;
    }
  }
  return sample.kept.length === 0 ? null : counted(sample.kept, layout, count);

  function keep(row: CanonicalRow, weight: number): void {
    const rows = source.objective ? rowsFor(row, source.objective) : [row];
    if (!Array.isArray(rows)) return;
    const times = timesTaken(row, weight, source.seed);
    for (const each of rows) for (let taken = 0; taken < times; taken += 1) if (sample.next()) sample.keep(each);
  }
}

function counted(rows: readonly CanonicalRow[], layout: Layout, count: CountTokens | null): RowSample {
  const examples: number[][] = [];
  const [perRow, charsPerRow]: [number[], number[]] = [[], []];
  let chars = 0;
  const every = count ? Math.ceil(sum(rows.map(charsOf)) / most.chars) : 1;
  for (const row of rows.filter((_, index) => index % every === 0)) {
    const lengths = count?.(row) ?? null;
    // A row that the template refuses, or whose mask is not certain, is counted by its characters.
    const sequences = lengths ?? sequencesByChars(row, layout);
    examples.push(...asExamples(row, sequences));
    perRow.push(sum(sequences));
    charsPerRow.push(charsOf(row));
    chars += charsOf(row);
  }
  const tokens = sum(perRow);
  return {
    by: count ? "tokenizer" : "characters",
    rows: perRow.length,
    charsPerToken: count ? chars / Math.max(1, tokens) : assumed.chars,
    examples: examples.filter((sequences) => sum(sequences) > 0),
    meanChars: chars / Math.max(1, perRow.length),
    error: count ? ratioError(perRow, charsPerRow) : assumed.error,
  };
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
function ratioError(tokens: readonly number[], chars: readonly number[]): number {
  const n = tokens.length;
  const ratio = sum(tokens) / Math.max(1, sum(chars));
  const residuals = tokens.reduce((total, each, index) => total + (each - ratio * chars[index]!) ** 2, 0);
  return n < 2 ? 1 : Math.sqrt(residuals / (n - 1) / n) / (sum(tokens) / n);
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
