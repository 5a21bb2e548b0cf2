// Writes a run's copy of the data: the engine's training and test lines, and the evaluator's items. All or nothing.
import { join } from "node:path";
import { FtError } from "../errors.js";
import type { Recipe } from "../recipes/schema.js";
import type { CanonicalRow, Carried, DatasetFacts, RowPlace } from "./canonical.js";
import { rowDigest } from "./canonical-key.js";
import { carriedBy, extrasOf, restOfTurn } from "./carried.js";
import type { CheckInput } from "./check-dataset.js";
import { type DatasetSource, heldOutThreshold, type Side, sidedRows } from "./dataset-facts.js";
import type { Json } from "./json/json.js";
import { type EngineLine, engineLines, kindOfLayout, type Layout, trainedTurns } from "./layout.js";
import { type LineWriter, openLineWriter } from "./line-writer.js";
import { judgeRow } from "./row-rules.js";
import { kindNames } from "./rows-for.js";
import { ruleLevels } from "./rules/settings.js";
import { rules } from "./rules.js";
import { rowFacts, sumSplit } from "./split-facts.js";

export interface SnapshotInput {
  recipe: Pick<Recipe, "data" | "eval">;
  /** Where the rows are, located (locate-files.ts). */
  source: DatasetSource;
  layout: Layout;
  /** What its rows carry, both sides (SplitFacts.carries); left out: nothing. */
  carries?: readonly Carried[];
  /** The job folder. */
  outDir: string;
  /** Relative to outDir. */
  paths?: SnapshotPaths;
}

interface SnapshotPaths {
  train: string;
  test: string;
  items: string;
}

const defaultPaths: SnapshotPaths = {
  train: "data/train.jsonl",
  test: "data/test.jsonl",
  items: "eval/items.jsonl",
};

/**
 * Streams the rows; what is not a row (checkDataset tells them all) stops it. Without held-out rows only the training file is written.
 * @throws FtError data.*; nothing is left behind then
 */
export async function snapshotData(input: SnapshotInput): Promise<DatasetFacts> {
  const { source } = input;
  const threshold = await heldOutThreshold(source);
  const paths = { ...defaultPaths, ...input.paths };
  const files = await openWriters(input.outDir, paths);
  try {
    const sums = { train: sumSplit(), eval: sumSplit() };
    let items = 0;
    const levels = ruleLevels(input.recipe.data.rules ?? {});
    const rows = sidedRows(source, threshold, (finding) => {
      if ((levels(finding.rule) ?? finding.severity) === "error") throw invalidRow(finding, finding.message);
    });
    for await (const { side, row, times, file, line } of rows) {
      const fault = judgeRow(row).find(
        ({ rule, severity }) => (levels(rule) ?? severity ?? rules[rule].severity) === "error",
      );
      if (fault) throw invalidRow({ file, line }, fault.message);
      const digest = rowDigest(row);
      const facts = rowFacts(row, digest);
      const engineRow = linesFor(row, input, { file, line });
      for (let taken = 0; taken < times; taken += 1) {
        sums[side].add(facts);
        for (const engineLine of engineRow) await files[engineFile[side]].write(engineLine);
      }
      if (side === "eval" && items < input.recipe.eval.max_rows) {
        await files.items.write(itemOf(row, { file, line }, digest));
        items += 1;
      }
    }
    const facts = { train: sums.train.facts(), eval: sums.eval.facts() };
    const hasEval = facts.eval.rows > 0;
    await files.train.commit();
    await (hasEval ? files.test.commit() : files.test.discard());
    await (hasEval ? files.items.commit() : files.items.discard());
    return { train: facts.train, eval: hasEval ? facts.eval : null };
  } catch (error) {
    await Promise.all(Object.values(files).map((file) => file.discard()));
    throw error;
  }
}

/** What else a recipe says about the check of its data: paths relative to the recipe's folder. */
export function checkSettings({
  data,
}: Pick<Recipe, "data">): Pick<CheckInput, "rules" | "benchmarks" | "contamination"> {
  const { rules, contamination, contamination_ngram: ngram, contamination_share: share } = data;
  return {
    ...(rules && { rules }),
    ...(contamination && {
      benchmarks: contamination.map((each) => (typeof each === "string" ? { path: each } : each)),
    }),
    contamination: { ...(ngram !== undefined && { ngram }), ...(share !== undefined && { share }) },
  };
}

/** A recipe's data as the reader wants it, once its paths are located (locate-files.ts). */
export function dataSource(
  { data, train, objective }: Pick<Recipe, "data" | "train" | "objective">,
  dir: string,
): DatasetSource {
  const { format, columns, roles } = data;
  const source = {
    dir,
    train: data.train,
    format,
    ...(columns && { columns }),
    ...(roles && { roles }),
    textRows: data.text_rows,
    seed: train.seed,
    objective: objective.type,
  };
  return data.eval === undefined ? { ...source, heldOutFraction: data.eval_fraction } : { ...source, eval: data.eval };
}

const engineFile = { train: "train", eval: "test" } as const satisfies Record<Side, keyof SnapshotPaths>;

/** Of both sides, sorted. */
export function carriedOf({ train, eval: held }: DatasetFacts): Carried[] {
  return [...new Set([...train.carries, ...(held?.carries ?? [])])].sort();
}

function linesFor(row: CanonicalRow, { layout, carries = [] }: SnapshotInput, place: RowPlace): EngineLine[] {
  const forgotten = [...carriedBy(row)].find((key) => !carries.includes(key));
  if (forgotten) throw invalidRow(place, `it has ${forgotten}, which no row had when the data was checked`);
  const expected = kindOfLayout[layout];
  if (row.kind === expected) return engineLines(row, layout, carries);
  throw invalidRow(place, `${kindNames[row.kind].one} among ${kindNames[expected].many}`);
}

/** Of a conversation: what the evaluator asks (everything before the last assistant turn) and what it compares with. */
function itemOf(row: CanonicalRow, place: RowPlace, digest: Buffer): EngineLine {
  const { kind: _, ...content } = row;
  const item = { item: digest.toString("hex"), file: place.file, line: place.line };
  if (row.kind !== "messages") return { ...item, ...content } as EngineLine;
  const last = trainedTurns(row.messages).at(-1) ?? -1;
  const answer = row.messages[last];
  return {
    ...item,
    messages: row.messages.slice(0, last) as unknown as Json,
    ...(answer?.tool_calls ? {} : { reference: answer?.content ?? "" }), // no text says what a call should be
    ...(answer && restOfTurn(answer) ? { answer: answer as unknown as Json } : {}),
    ...(extrasOf(row) as EngineLine),
  };
}

function invalidRow(place: RowPlace, message: string): FtError {
  return new FtError({
    code: "data.invalid-row",
    exit: "data",
    message: `a row cannot be used: ${message}`,
    where: { file: place.file, line: place.line },
    next: "ft data check tells all rows like it",
  });
}

async function openWriters(outDir: string, paths: SnapshotPaths): Promise<Record<keyof SnapshotPaths, LineWriter>> {
  const failure = `the run's copy of the data cannot be written to ${outDir}`;
  const [train, test, items] = await Promise.all(
    [paths.train, paths.test, paths.items].map((path) => openLineWriter(join(outDir, path), failure)),
  );
  return { train, test, items } as Record<keyof SnapshotPaths, LineWriter>;
}
