// Writes a run's copy of the data: the engine's training and test lines, and the evaluator's items. All or nothing.
import { join } from "node:path";
import type { Recipe } from "../recipes/schema.js";
import type { CanonicalRow, Carried, DatasetFacts, RowPlace } from "./canonical.js";
import { rowDigest } from "./canonical-key.js";
import { carriedBy } from "./carried.js";
import { type DatasetSource, heldOutThreshold, type Side } from "./dataset-facts.js";
import { itemOf } from "./held-out-items.js";
import { type EngineLine, engineLines, kindOfLayout, type Layout } from "./layout.js";
import { type LineWriter, openLineWriter } from "./line-writer.js";
import { kindNames } from "./rows-for.js";
import { invalidRow, soundRows } from "./sound-rows.js";
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
    for await (const { side, row, times, file, line } of soundRows(input.recipe, source, threshold)) {
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

async function openWriters(outDir: string, paths: SnapshotPaths): Promise<Record<keyof SnapshotPaths, LineWriter>> {
  const failure = `the run's copy of the data cannot be written to ${outDir}`;
  const [train, test, items] = await Promise.all(
    [paths.train, paths.test, paths.items].map((path) => openLineWriter(join(outDir, path), failure)),
  );
  return { train, test, items } as Record<keyof SnapshotPaths, LineWriter>;
}
