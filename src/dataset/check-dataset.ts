// Checks a dataset: every rule over every row in one streamed pass, and the facts of its splits on the way.
import { createHash } from "node:crypto";
import { stat } from "node:fs/promises";
import type { ChatTemplate } from "../models/facts.js";
import type { ObjectiveName } from "../recipes/schema.js";
import type { DatasetFacts, Finding, RowKind, RowPlace } from "./canonical.js";
import { collectFindings, type FindingCollector, type KnownFindings } from "./collect-findings.js";
import { type DatasetSource, datasetFacts, type FactsSum, filesOf, type Side, sumFacts } from "./dataset-facts.js";
import { type InOrder, inOrder } from "./in-order.js";
import { asTrained } from "./masks/as-trained.js";
import { type MaskEngine, mostCostly, type RunSettings } from "./masks/mask-model.js";
import { observeFile } from "./observe-file.js";
import type { ObservedRow, ObserverInput } from "./observe-row.js";
import { type RowObservers, rowObservers } from "./observe-rows.js";
import { readRows } from "./read-rows.js";
import { findRepeats, type Repeats } from "./repeats/repeats.js";
import { keysOfRow } from "./repeats/row-keys.js";
import { type RowSetCheck, rowSetCheck } from "./row-set-check.js";
import { kindNames } from "./rows-for.js";
import {
  type Benchmark,
  benchmarkRules,
  type ContaminationRules,
  type ContaminationSettings,
  contaminationDefaults,
  heldOutRules,
} from "./rules/contamination.js";
import { type AnswerSet, answerSet } from "./rules/judge-answer-set.js";
import { type PairRules, pairRules } from "./rules/judge-pairs.js";
import { ruleLevels, type WrittenRules } from "./rules/settings.js";
import { type RowProblem, toFinding } from "./rules.js";

export interface CheckInput extends DatasetSource {
  /** Tokenizer and template of the model to be trained; null: the rules that need them are left out. */
  model: CheckModel | null;
  /** Why `model` is null, for the finding that says what was left out. */
  whyNoModel?: string;
  /** Severity by rule or family; the rest as the table has it. */
  rules?: WrittenRules;
  /** Files with items that must not be trained on; paths are relative to `dir`. */
  benchmarks?: readonly Benchmark[];
  contamination?: Partial<ContaminationSettings>;
  /** Findings of a baseline: they are counted apart. */
  known?: KnownFindings;
  /** Findings kept of each rule; default 10,000. */
  keptPerRule?: number;
  onProgress?: (progress: CheckProgress) => void;
}

export interface CheckModel extends RunSettings {
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
  /** Findings that the baseline knows: they are in neither of these. */
  known: number;
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
  const bytes = await sizeOf(input);
  return await checkWith(input, (observerInput) => rowObservers(observerInput, bytes));
}

/** As `checkDataset`, with other observers. */
export async function checkWith(
  input: CheckInput,
  startObservers: (input: ObserverInput) => Promise<RowObservers>,
): Promise<CheckReport> {
  const levels = ruleLevels(input.rules ?? {});
  const against = await contaminationRules(input);
  const near = levels("DUP003") !== "off";
  const grams = against.map(({ table }) => table);
  const { seed, objective, heldOutFraction } = input;
  const model = input.model && (await asTrained(input.model, input));
  const observers = await startObservers({
    model,
    seed,
    near,
    grams,
    ...(input.eval && { eval: input.eval }),
    ...(objective && { objective }),
    ...(heldOutFraction !== undefined && { heldOutFraction }),
  });
  const check: Check = {
    input,
    observers,
    keyWords: keysOfRow(near) * 2,
    findings: collectFindings({ levels, known: input.known, keptPerRule: input.keptPerRule }),
    results: inOrder(observers.atOnce),
    trainingSet: rowSetCheck(),
    pairs: pairRules(),
    answers: answerSet(),
    repeats: findRepeats({ near }),
    against,
    sum: sumFacts(input),
    formats: {},
    firstOfKind: new Map(),
    sources: [],
    rows: 0,
    usable: 0,
    costly: 0,
  };
  try {
    return await checkFiles(check);
  } finally {
    check.repeats.close();
    await observers.close();
  }
}

async function checkFiles(check: Check): Promise<CheckReport> {
  const { input, findings } = check;
  const names = [...new Set([...input.train.map(({ path }) => path), ...(input.eval ?? [])])];
  const start: RowPlace = { file: names[0] as string, line: 1 };
  if (!input.model) findings.add(toFinding({ rule: "TOK000", message: input.whyNoModel ?? "no model given" }, start));
  for (const side of ["train", "eval"] as const) {
    for (const file of filesOf(input, side)) await checkFile(check, file, side);
  }
  await check.results.settle();
  for (const finding of await check.observers.finish(start)) findings.add(finding);
  for (const set of [check.trainingSet, check.pairs, check.answers, check.repeats, ...check.against]) {
    for (const finding of set.finish()) findings.add(finding);
  }
  reportMixedKinds(check);
  // The held-out threshold of a small file is known only at its end: then the rows are read once more.
  const facts = check.sum.facts() ?? (await datasetFacts(input));
  if (check.usable > 0 && facts.train.rows === 0) {
    findings.add(toFinding({ rule: "SCH012", message: `none of the ${check.usable} rows is taken` }, start));
  }
  return {
    ok: findings.errors() === 0,
    files: names,
    rows: check.rows,
    findings: findings.findings,
    counts: findings.counts,
    known: findings.known(),
    objective: input.objective ?? null,
    formats: check.formats,
    facts,
    sources: check.sources.map(({ path, rows, hash }) => ({ path, rows, sha256: hash.digest("hex") })),
  };
}

interface Check {
  input: CheckInput;
  observers: RowObservers;
  /** Words of a row's keys. */
  keyWords: number;
  findings: FindingCollector;
  results: InOrder;
  trainingSet: RowSetCheck;
  pairs: PairRules;
  answers: AnswerSet;
  repeats: Repeats;
  against: ContaminationRules[];
  sum: FactsSum;
  formats: Record<string, string>;
  firstOfKind: Map<RowKind, RowPlace>;
  sources: SourceSum[];
  rows: number;
  /** Training rows that can be used. */
  usable: number;
  /** Rows whose rendering was stopped for what it costs. */
  costly: number;
}

interface SourceSum {
  path: string;
  side: Side;
  rows: number;
  hash: ReturnType<typeof createHash>;
}

/** Beyond what any file has lines. */
const numbersOfFile = 2 ** 40;

async function checkFile(check: Check, file: ReturnType<typeof filesOf>[number], side: Side): Promise<void> {
  const { observers, keyWords, results, findings, formats } = check;
  const source: SourceSum = { path: file.name, side, rows: 0, hash: createHash("sha256") };
  const firstNumber = check.sources.length * numbersOfFile;
  check.sources.push(source);
  const reading = { file, from: { side, weight: file.weight }, firstNumber, observers, keyWords, results };
  await observeFile(reading, {
    read: () => {
      check.rows += 1;
    },
    found: findings.add,
    row: (observed, keys, place) => takeRow(check, observed, keys, source, place),
    format: (name) => {
      formats[file.name] = name;
    },
    progress: (read, size) => check.input.onProgress?.({ file: file.name, rows: check.rows, read, size }),
  });
}

async function contaminationRules(input: CheckInput): Promise<ContaminationRules[]> {
  const rules: ContaminationRules[] = [];
  if (input.benchmarks?.length) {
    rules.push(await benchmarkRules(input.benchmarks, input.dir, { ...contaminationDefaults, ...input.contamination }));
  }
  if (input.eval) {
    const heldOut = heldOutRules();
    for (const file of filesOf(input, "eval")) {
      for await (const { row, place } of readRows({ ...file, report: () => {} })) if (row) heldOut.add(row, place);
    }
    rules.push(heldOut.rules());
  }
  return rules;
}

/** Bytes of all files; of one that is not there or has no size, none. */
async function sizeOf(input: CheckInput): Promise<number> {
  const files = [...filesOf(input, "train"), ...filesOf(input, "eval")];
  const sizes = await Promise.all(files.map(({ path }) => stat(path).catch(() => ({ size: 0 }))));
  return sizes.reduce((sum, { size }) => sum + size, 0);
}

/** The row's findings, and what it adds to the set's. */
function takeRow(
  check: Check,
  { digest, problems, tokens, isCostly, taken }: ObservedRow,
  keys: Uint32Array,
  source: SourceSum,
  at: RowPlace,
): void {
  source.rows += 1;
  source.hash.update(digest, "hex");
  const place = { ...at, key: digest.slice(0, 16) };
  for (const problem of problems) check.findings.add(toFinding(problem, place));
  // A thread that met fewer costly rows goes on for longer: what it says of later rows would depend on how many threads there are.
  if (check.costly < mostCostly) for (const problem of tokens) check.findings.add(toFinding(problem, place));
  if (isCostly) {
    check.costly += 1;
    if (check.costly === mostCostly) check.findings.add(toFinding(stoppedRendering, at));
  }
  if (!taken) return;
  const { side } = source;
  if (!check.firstOfKind.has(taken.kind)) check.firstOfKind.set(taken.kind, at);
  if (side === "train") check.usable += 1;
  check.sum.add(taken.facts);
  for (const answer of taken.answers) check.answers.add(answer, at);
  if (taken.pair) check.pairs.add(taken.pair, at);
  for (const shape of taken.sets) {
    for (const problem of check.trainingSet.add(shape, at)) check.findings.add(toFinding(problem, place));
  }
  if (taken.contamination) {
    const { loose, found } = taken.contamination;
    for (const [index, rules] of check.against.entries()) rules.see(found[index] ?? [], at, loose);
  }
  const label = taken.pair && "label" in taken.pair ? taken.pair.label : null;
  check.repeats.add(keys, at, { side, label });
}

const stoppedRendering: RowProblem = {
  rule: "TPL005",
  message: `it takes more than a chat can need, of ${mostCostly} rows: after this one none is rendered, so that length and mask are not judged`,
};

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
