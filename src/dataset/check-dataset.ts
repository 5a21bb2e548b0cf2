// Checks a dataset: every rule over every row in one streamed pass, and the facts of its splits on the way.
import { createHash } from "node:crypto";
import { stat } from "node:fs/promises";
import type { ChatTemplate } from "../models/facts.js";
import type { ObjectiveName } from "../recipes/schema.js";
import type { CanonicalRow, DatasetFacts, Finding, RowKind, RowPlace } from "./canonical.js";
import { looseDigest, rowDigest } from "./canonical-key.js";
import { collectFindings, type FindingCollector } from "./collect-findings.js";
import { type DatasetSource, datasetFacts, type FactsSum, filesOf, type Side, sumFacts } from "./dataset-facts.js";
import { type FindingsInOrder, findingsInOrder } from "./findings-in-order.js";
import { type RowJudges, rowJudges } from "./judge-rows.js";
import type { MaskEngine } from "./masks/mask-model.js";
import { readRows } from "./read-rows.js";
import { createRowIndex, type RowIndex } from "./row-index.js";
import { type RowSetCheck, rowSetCheck } from "./row-set-check.js";
import { kindNames, rowsFor } from "./rows-for.js";
import { type RowProblem, toFinding } from "./rules.js";

export interface CheckInput extends DatasetSource {
  /** Tokenizer and template of the model to be trained; null: the rules that need them are left out. */
  model: CheckModel | null;
  /** Why `model` is null, for the finding that says what was left out. */
  whyNoModel?: string;
  onProgress?: (progress: CheckProgress) => void;
}

export interface CheckModel {
  /** Local folder with tokenizer.json. */
  dir: string;
  template: ChatTemplate | null;
  /** Tokens a sequence keeps. */
  maxLength: number;
  trainOn: "assistant" | "all";
  /** Whose masks are judged. */
  engine: MaskEngine;
}

export interface CheckProgress {
  file: string;
  /** Rows of all files so far. */
  rows: number;
  /** Bytes of this file. */
  read: number;
  size: number;
}

export interface CheckReport {
  /** No finding is an error. */
  ok: boolean;
  files: string[];
  /** Rows read, good and bad, of all files. */
  rows: number;
  /** In the order found; at most 10,000 of each rule. */
  findings: Finding[];
  /** All findings by rule, kept or not. */
  counts: Record<string, number>;
  /** What the rows were judged for; null: nothing in particular. */
  objective: ObjectiveName | null;
  /** Format by file; a file without one has only findings. */
  formats: Record<string, string>;
  /** Of the rows without errors that keep them from being rows; what `ft run` would train and hold out. */
  facts: DatasetFacts;
  /** Of each file, in the order of `files`. */
  sources: SourceFacts[];
}

interface SourceFacts {
  path: string;
  /** That are rows. */
  rows: number;
  /** sha256 over the sha256 digests of the canonical rows in order, each once, hex. */
  sha256: string;
}

/** @throws FtError data.* (exit data) when a file cannot be read at all or is empty; model.* when the tokenizer cannot be loaded */
export async function checkDataset(input: CheckInput): Promise<CheckReport> {
  const judges = await rowJudges(input.model, await sizeOf(input));
  return await checkWith(input, judges).finally(judges.close);
}

/** As `checkDataset`, with judges that the caller closes. */
export async function checkWith(input: CheckInput, judges: RowJudges): Promise<CheckReport> {
  const findings = collectFindings();
  const check: Check = {
    input,
    findings,
    inOrder: findingsInOrder(judges, findings.add),
    trainingSet: rowSetCheck(),
    trainIndex: createRowIndex(),
    evalIndex: createRowIndex(),
    sum: sumFacts(input),
    formats: {},
    firstOfKind: new Map(),
    sources: [],
    rows: 0,
    usable: 0,
  };
  const names = [...new Set([...input.train.map(({ path }) => path), ...(input.eval ?? [])])];
  const start: RowPlace = { file: names[0] as string, line: 1 };
  if (!input.model)
    check.findings.add(toFinding({ rule: "TOK000", message: input.whyNoModel ?? "no model given" }, start));
  for (const side of ["train", "eval"] as const) {
    for (const file of filesOf(input, side)) await checkFile(check, file, side);
  }
  await check.inOrder.settle();
  for (const finding of await judges.finish(start)) check.findings.add(finding);
  for (const finding of check.trainingSet.finish()) check.findings.add(finding);
  reportMixedKinds(check);
  // The held-out threshold of a small file is known only at its end: then the rows are read once more.
  const facts = check.sum.facts() ?? (await datasetFacts(input));
  if (check.usable > 0 && facts.train.rows === 0) {
    check.findings.add(toFinding({ rule: "MIX001", message: `none of the ${check.usable} rows is taken` }, start));
  }
  return {
    ok: check.findings.errors() === 0,
    files: names,
    rows: check.rows,
    findings: check.findings.findings,
    counts: check.findings.counts,
    objective: input.objective ?? null,
    formats: check.formats,
    facts,
    sources: check.sources,
  };
}

interface Check {
  input: CheckInput;
  findings: FindingCollector;
  inOrder: FindingsInOrder;
  trainingSet: RowSetCheck;
  trainIndex: RowIndex;
  evalIndex: RowIndex;
  sum: FactsSum;
  formats: Record<string, string>;
  firstOfKind: Map<RowKind, RowPlace>;
  sources: SourceFacts[];
  rows: number;
  /** Training rows that can be used. */
  usable: number;
}

async function checkFile(check: Check, file: ReturnType<typeof filesOf>[number], side: Side): Promise<void> {
  const { input } = check;
  const source = { rows: 0, hash: createHash("sha256") };
  const rows = readRows({
    ...file,
    report: check.inOrder.tell,
    onFormat: (format) => {
      check.formats[file.name] = format;
    },
    onBytes: (read, size) => input.onProgress?.({ file: file.name, rows: check.rows, read, size }),
  });
  for await (const { place, row } of rows) {
    check.rows += 1;
    if (!row) continue;
    source.rows += 1;
    source.hash.update(rowDigest(row));
    await checkRow(check, row, place, side, file.weight);
  }
  check.sources.push({ path: file.name, rows: source.rows, sha256: source.hash.digest("hex") });
}

/** Bytes of all files; of one that is not there or has no size, none. */
async function sizeOf(input: CheckInput): Promise<number> {
  const files = [...filesOf(input, "train"), ...filesOf(input, "eval")];
  const sizes = await Promise.all(files.map(({ path }) => stat(path).catch(() => ({ size: 0 }))));
  return sizes.reduce((sum, { size }) => sum + size, 0);
}

/** The row is judged, summed up and remembered. */
async function checkRow(check: Check, row: CanonicalRow, place: RowPlace, side: Side, weight: number): Promise<void> {
  const { objective } = check.input;
  const rows = objective ? rowsFor(row, objective) : [row];
  if (!Array.isArray(rows)) return check.inOrder.tell(toFinding(rows, place));
  // Of a pair that becomes two labelled answers the pair is judged.
  const judged = rows.length === 1 ? (rows[0] as CanonicalRow) : row;
  if (!check.firstOfKind.has(judged.kind)) check.firstOfKind.set(judged.kind, place);
  const digest = rowDigest(row);
  const loose = looseDigest(row);
  if (side === "train") check.usable += 1;
  check.sum.add({ side, weight, row, digest, loose, rows });
  const others = judgeCopies(check, side, place, digest, loose);
  if (side === "train") for (const each of rows) others.push(...check.trainingSet.see(each, place));
  await check.inOrder.judge(judged, place, others);
}

/** Seen before on the same side: a duplicate; an evaluation row seen in training: a leak. */
function judgeCopies(
  { trainIndex, evalIndex }: Check,
  side: Side,
  place: RowPlace,
  digest: Buffer,
  loose: Buffer,
): RowProblem[] {
  const problems: RowProblem[] = [];
  const same = (side === "train" ? trainIndex : evalIndex).add(loose, digest, place);
  if (same) {
    const message = `the same as ${same.place.file === place.file ? "line " : `${same.place.file}:`}${same.place.line}`;
    problems.push(
      same.exact ? { rule: "DUP001", message } : { rule: "DUP002", message: `${message}, but for case and spaces` },
    );
  }
  const leak = side === "eval" ? trainIndex.find(loose, digest) : null;
  if (leak) {
    const but = leak.exact ? "" : ", but for case and spaces";
    problems.push({ rule: "LEAK001", message: `also a training row: ${leak.place.file}:${leak.place.line}${but}` });
  }
  return problems;
}

/** Files of one dataset go to the engine in one layout. */
function reportMixedKinds({ firstOfKind, findings }: Check): void {
  const [first, ...others] = [...firstOfKind];
  if (!first) return;
  const [usual, { file }] = first;
  for (const [kind, place] of others) {
    const message = `${kindNames[kind].many} here, but ${kindNames[usual].many} in ${file}: one dataset holds one kind`;
    findings.add(toFinding({ rule: "SCH000", message }, place));
  }
}
