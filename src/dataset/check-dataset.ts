// Checks a dataset: every rule over every row in one streamed pass, and the facts of its splits on the way.
import { createHash } from "node:crypto";
import { stat } from "node:fs/promises";
import type { ChatTemplate } from "../models/facts.js";
import type { ObjectiveName } from "../recipes/schema.js";
import type { CanonicalRow, DatasetFacts, Finding, RowKind, RowPlace } from "./canonical.js";
import { looseDigest, looseDigests, rowDigest } from "./canonical-key.js";
import { collectFindings, type FindingCollector, type KnownFindings } from "./collect-findings.js";
import { type DatasetSource, datasetFacts, type FactsSum, filesOf, type Side, sumFacts } from "./dataset-facts.js";
import { type FindingsInOrder, findingsInOrder } from "./findings-in-order.js";
import { type RowJudges, rowJudges } from "./judge-rows.js";
import type { MaskEngine } from "./masks/mask-model.js";
import { type NearCopies, nearCopies } from "./near-duplicates/near-copies.js";
import { readRows } from "./read-rows.js";
import { createRowIndex, type RowIndex } from "./row-index.js";
import { type RowSetCheck, rowSetCheck } from "./row-set-check.js";
import { kindNames, rowsFor } from "./rows-for.js";
import {
  type Benchmark,
  benchmarkRules,
  type ContaminationRules,
  type ContaminationSettings,
  contaminationDefaults,
  heldOutRules,
} from "./rules/contamination.js";
import { fileBytes } from "./rules/file-bytes.js";
import { type AnswerSet, answerSet } from "./rules/judge-answer-set.js";
import { type PairRules, pairRules } from "./rules/judge-pairs.js";
import { rowTexts } from "./rules/row-texts.js";
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
  const judges = await rowJudges(input.model, await sizeOf(input));
  return await checkWith(input, judges).finally(judges.close);
}

/** As `checkDataset`, with judges that the caller closes. */
export async function checkWith(input: CheckInput, judges: RowJudges): Promise<CheckReport> {
  const findings = collectFindings({
    levels: ruleLevels(input.rules ?? {}),
    known: input.known,
    keptPerRule: input.keptPerRule,
  });
  const check: Check = {
    input,
    findings,
    inOrder: findingsInOrder(judges, findings.add),
    trainingSet: rowSetCheck(),
    pairs: pairRules(),
    answers: answerSet(),
    near: nearCopies(),
    against: await contaminationRules(input),
    trainIndex: createRowIndex(),
    evalIndex: createRowIndex(),
    promptIndex: createRowIndex(),
    sum: sumFacts(input),
    formats: {},
    firstOfKind: new Map(),
    sources: [],
    rows: 0,
    usable: 0,
  };
  return await checkFiles(check, judges).finally(check.near.close);
}

async function checkFiles(check: Check, judges: RowJudges): Promise<CheckReport> {
  const { input } = check;
  const names = [...new Set([...input.train.map(({ path }) => path), ...(input.eval ?? [])])];
  const start: RowPlace = { file: names[0] as string, line: 1 };
  if (!input.model)
    check.findings.add(toFinding({ rule: "TOK000", message: input.whyNoModel ?? "no model given" }, start));
  for (const side of ["train", "eval"] as const) {
    for (const file of filesOf(input, side)) await checkFile(check, file, side);
  }
  await check.inOrder.settle();
  for (const finding of await judges.finish(start)) check.findings.add(finding);
  for (const set of [check.trainingSet, check.pairs, check.answers, check.near, ...check.against]) {
    for (const finding of await set.finish()) check.findings.add(finding);
  }
  reportMixedKinds(check);
  // The held-out threshold of a small file is known only at its end: then the rows are read once more.
  const facts = check.sum.facts() ?? (await datasetFacts(input));
  if (check.usable > 0 && facts.train.rows === 0) {
    check.findings.add(toFinding({ rule: "SCH012", message: `none of the ${check.usable} rows is taken` }, start));
  }
  return {
    ok: check.findings.errors() === 0,
    files: names,
    rows: check.rows,
    findings: check.findings.findings,
    counts: check.findings.counts,
    known: check.findings.known(),
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
  pairs: PairRules;
  answers: AnswerSet;
  near: NearCopies;
  against: ContaminationRules[];
  trainIndex: RowIndex;
  evalIndex: RowIndex;
  /** Of training conversations, by all but their last answer. */
  promptIndex: RowIndex;
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
  const bytes = await fileBytes(file.path);
  for (const { line, problem } of bytes.problems) check.inOrder.tell(toFinding(problem, { file: file.name, line }));
  const rows = readRows({
    ...file,
    report: (finding) => check.inOrder.tell(finding.line === bytes.openLine ? asTorn(finding) : finding),
    onFormat: (format) => {
      check.formats[file.name] = format;
    },
    onBytes: (read, size) => input.onProgress?.({ file: file.name, rows: check.rows, read, size }),
  });
  for await (const { place, row } of rows) {
    check.rows += 1;
    if (!row) continue;
    source.rows += 1;
    const digest = rowDigest(row);
    source.hash.update(digest);
    await checkRow(check, row, { ...place, digest }, side, file.weight);
  }
  check.sources.push({ path: file.name, rows: source.rows, sha256: source.hash.digest("hex") });
}

/** A line that is no JSON, and that nothing ends, was cut. */
function asTorn(finding: Finding): Finding {
  if (finding.rule !== "FILE001") return finding;
  return toFinding({ rule: "FILE006", message: "the last line ends in the middle of a row" }, finding);
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

type JudgedPlace = RowPlace & { digest: Buffer };

/** Bytes of all files; of one that is not there or has no size, none. */
async function sizeOf(input: CheckInput): Promise<number> {
  const files = [...filesOf(input, "train"), ...filesOf(input, "eval")];
  const sizes = await Promise.all(files.map(({ path }) => stat(path).catch(() => ({ size: 0 }))));
  return sizes.reduce((sum, { size }) => sum + size, 0);
}

/** The row is judged, summed up and remembered. */
async function checkRow(
  check: Check,
  row: CanonicalRow,
  place: JudgedPlace,
  side: Side,
  weight: number,
): Promise<void> {
  const { objective } = check.input;
  const { digest } = place;
  const rows = objective ? rowsFor(row, objective) : [row];
  if (!Array.isArray(rows)) return check.inOrder.tell(toFinding(rows, place));
  // Of a pair that becomes two labelled answers the pair is judged.
  const judged = rows.length === 1 ? (rows[0] as CanonicalRow) : row;
  if (!check.firstOfKind.has(judged.kind)) check.firstOfKind.set(judged.kind, place);
  const { whole: loose, prompt } = digestsOf(row);
  if (side === "train") check.usable += 1;
  check.sum.add({ side, weight, row, digest, loose, rows });
  const others: RowProblem[] = [];
  if (side === "train") {
    for (const text of rowTexts(judged)) check.answers.see(text, place);
    others.push(...check.pairs.see(row, place, check.trainIndex));
    for (const each of rows) others.push(...check.trainingSet.see(each, place));
    for (const rules of check.against) rules.see(row, place, loose, digest);
  }
  const copies = judgeCopies(check, side, place, loose);
  others.push(...copies);
  // A copy is near to what it copies; that is told already.
  if (side === "train" && copies.length === 0) check.near.see(row, place);
  others.push(...judgePrompt(check, side, place, loose, prompt));
  await check.inOrder.judge(judged, place, others);
}

/** Seen before on the same side: a duplicate; an evaluation row seen in training: a leak. */
function judgeCopies({ trainIndex, evalIndex }: Check, side: Side, place: JudgedPlace, loose: Buffer): RowProblem[] {
  const problems: RowProblem[] = [];
  const same = (side === "train" ? trainIndex : evalIndex).add(loose, place.digest, place);
  if (same) {
    const message = `the same as ${nameOf(same.place, place)}${same.exact ? "" : ", but for case and spaces"}`;
    problems.push({ rule: side === "eval" ? "DUP005" : same.exact ? "DUP001" : "DUP002", message });
  }
  const leak = side === "eval" ? trainIndex.find(loose, place.digest) : null;
  if (leak) {
    const but = leak.exact ? "" : ", but for case and spaces";
    problems.push({ rule: "LEAK001", message: `also a training row: ${leak.place.file}:${leak.place.line}${but}` });
  }
  return problems;
}

/** Loose digests: of the row, and of the prompt of a conversation that ends with an answer. */
function digestsOf(row: CanonicalRow): { whole: Buffer; prompt: Buffer | null } {
  const isAnswered = row.kind === "messages" && row.messages.length > 1 && row.messages.at(-1)?.role === "assistant";
  return isAnswered ? looseDigests(row) : { whole: looseDigest(row), prompt: null };
}

/** The same turns before the answer, and another answer. */
function judgePrompt(
  { promptIndex }: Check,
  side: Side,
  place: JudgedPlace,
  loose: Buffer,
  prompt: Buffer | null,
): RowProblem[] {
  if (!prompt) return [];
  const same = side === "train" ? promptIndex.add(prompt, loose, place) : promptIndex.find(prompt, loose);
  if (!same || same.exact) return [];
  return side === "train"
    ? [{ rule: "DUP004", message: `the prompt of ${nameOf(same.place, place)}, with another answer` }]
    : [
        {
          rule: "LEAK002",
          message: `the prompt of the training row ${same.place.file}:${same.place.line}, with another answer`,
        },
      ];
}

/** As a finding in the other place says it. */
function nameOf(place: RowPlace, from: RowPlace): string {
  return place.file === from.file ? `line ${place.line}` : `${place.file}:${place.line}`;
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
