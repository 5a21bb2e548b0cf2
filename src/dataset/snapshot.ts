// Writes a run's copy of the data: the engine's training and test lines, and the evaluator's items. All or nothing.
import { type FileHandle, mkdir, open, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { FtError } from "../errors.js";
import type { Recipe } from "../recipes/schema.js";
import type { CanonicalRow, Carried, DatasetFacts, RowPlace } from "./canonical.js";
import { rowDigest } from "./canonical-key.js";
import { carriedBy, extrasOf, restOfTurn } from "./carried.js";
import type { CheckInput } from "./check-dataset.js";
import { type DatasetSource, heldOutThreshold, type Side, sidedRows } from "./dataset-facts.js";
import type { Json } from "./json/json.js";
import { stringifyJson } from "./json/stringify-json.js";
import { type EngineLine, engineLines, kindOfLayout, type Layout, trainedTurns } from "./layout.js";
import { judgeRow } from "./row-rules.js";
import { kindNames } from "./rows-for.js";
import { ruleLevels } from "./rules/settings.js";
import { rules } from "./rules.js";
import { sumSplit } from "./split-facts.js";

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
  const files = await openWriters(input.outDir, paths).catch((error) => {
    throw writeError(error, input.outDir);
  });
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
      const engineRow = linesFor(row, input, { file, line });
      for (let taken = 0; taken < times; taken += 1) {
        sums[side].add(row, digest);
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
    throw writeError(error, input.outDir);
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

/** Gives the failures that a disk or a folder causes their name; leaves others as they are. */
function writeError(error: unknown, outDir: string): unknown {
  const { code, message } = error as NodeJS.ErrnoException;
  const nextFor: Record<string, string> = {
    ENOSPC: "free some disk space",
    EDQUOT: "free some of your disk quota",
    EACCES: "make the folder writable",
    EPERM: "make the folder writable",
    EROFS: "choose a folder on a writable disk",
  };
  const next = code === undefined ? undefined : nextFor[code];
  if (!next || error instanceof FtError) return error;
  return new FtError({
    code: code === "ENOSPC" || code === "EDQUOT" ? "env.disk-full" : "env.unwritable",
    exit: "environment",
    message: `the run's copy of the data cannot be written to ${outDir}`,
    why: message,
    next,
    cause: error,
  });
}

interface Writer {
  write(value: EngineLine): Promise<void>;
  /** Flushes to disk and gives the file its name. */
  commit(): Promise<void>;
  discard(): Promise<void>;
}

async function openWriters(outDir: string, paths: SnapshotPaths): Promise<Record<keyof SnapshotPaths, Writer>> {
  const train = await openWriter(join(outDir, paths.train));
  const test = await openWriter(join(outDir, paths.test));
  return { train, test, items: await openWriter(join(outDir, paths.items)) };
}

/** JSON lines under a temporary name in the same folder, written in blocks. */
async function openWriter(path: string): Promise<Writer> {
  await mkdir(dirname(path), { recursive: true });
  const partial = `${path}.partial`;
  const handle: FileHandle = await open(partial, "w");
  let block = "";
  let isOpen = true;
  const flush = async () => {
    await handle.appendFile(block);
    block = "";
  };
  return {
    async write(value) {
      block += `${stringifyJson(value)}\n`;
      if (block.length > 1 << 20) await flush();
    },
    async commit() {
      await flush();
      await handle.sync();
      await handle.close();
      isOpen = false;
      await rename(partial, path);
    },
    async discard() {
      if (!isOpen) return;
      isOpen = false;
      await handle.close();
      await rm(partial, { force: true });
    },
  };
}
