// Checks a dataset: every rule over every row in one streamed pass, and the facts of its splits on the way.
import { createHash } from "node:crypto";
import { resolve } from "node:path";
import type { ChatTemplate } from "../models/facts.js";
import type { CanonicalRow, DatasetFacts, Finding, RowPlace } from "./canonical.js";
import { looseDigest, rowDigest } from "./canonical-key.js";
import { collectFindings, type FindingCollector } from "./collect-findings.js";
import { type ControlTokenCheck, controlTokenCheck } from "./control-tokens.js";
import { type DataSource, datasetFacts, type FactsSum, sumFacts, type TrainingFile } from "./dataset-facts.js";
import { loadMaskModel } from "./load-mask-model.js";
import { readRows } from "./read-rows.js";
import { createRowIndex, type RowIndex } from "./row-index.js";
import { judgeRow } from "./row-rules.js";
import { type RowProblem, toFinding } from "./rules.js";
import { type TokenRules, tokenRules } from "./token-rules.js";

export interface CheckInput extends DataSource {
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
  const model = input.model && (await loadMaskModel(input.model));
  const check: Check = {
    input,
    findings: collectFindings(),
    controlTokens: controlTokenCheck(model ? model.tokenizer.specialTokens : null),
    tokens: model && tokenRules(model, input.model!.maxLength),
    trainIndex: createRowIndex(),
    evalIndex: createRowIndex(),
    sum: sumFacts(input),
    formats: {},
    firstOfKind: new Map(),
    labels: new Set(),
    sources: [],
    rows: 0,
  };
  const names = [...input.train.map(({ path }) => path), ...(input.eval ?? [])];
  const start: RowPlace = { file: names[0] as string, line: 1 };
  if (!model) check.findings.add(toFinding({ rule: "TOK000", message: input.whyNoModel ?? "no model given" }, start));
  for (const file of input.train) await checkFile(check, file, "train");
  for (const path of input.eval ?? []) await checkFile(check, { path, format: input.format, weight: 1 }, "eval");
  for (const finding of check.tokens?.finish(start) ?? []) check.findings.add(finding);
  reportMixedKinds(check);
  reportOneLabel(check);
  return {
    ok: check.findings.errors() === 0,
    files: names,
    rows: check.rows,
    findings: check.findings.findings,
    counts: check.findings.counts,
    formats: check.formats,
    // The held-out threshold of a small file is known only at its end: then the rows are read once more.
    facts: check.sum.facts() ?? (await datasetFacts(input)),
    sources: check.sources,
  };
}

interface Check {
  input: CheckInput;
  findings: FindingCollector;
  controlTokens: ControlTokenCheck;
  tokens: TokenRules | null;
  trainIndex: RowIndex;
  evalIndex: RowIndex;
  sum: FactsSum;
  formats: Record<string, string>;
  firstOfKind: Map<CanonicalRow["kind"], RowPlace>;
  labels: Set<boolean>;
  sources: SourceFacts[];
  rows: number;
}

async function checkFile(check: Check, file: TrainingFile, side: "train" | "eval"): Promise<void> {
  const { input } = check;
  const name = file.path;
  const source = { rows: 0, hash: createHash("sha256") };
  const rows = readRows({
    path: resolve(input.dir, name),
    name,
    format: file.format,
    objective: input.objective,
    report: check.findings.add,
    onFormat: (format) => {
      check.formats[name] = format;
    },
    onBytes: (read, size) => input.onProgress?.({ file: name, rows: check.rows, read, size }),
  });
  for await (const { place, row } of rows) {
    check.rows += 1;
    if (!row) continue;
    if (!check.firstOfKind.has(row.kind)) check.firstOfKind.set(row.kind, place);
    if (row.kind === "unpaired") check.labels.add(row.label);
    const digest = rowDigest(row);
    const loose = looseDigest(row);
    source.rows += 1;
    source.hash.update(digest);
    check.sum.add(side, row, { digest, loose }, file.weight);
    const problems = [...judgeRow(row), ...check.controlTokens(row), ...judgeCopies(check, side, place, digest, loose)];
    if (check.tokens) problems.push(...check.tokens.judge(row));
    for (const problem of problems) check.findings.add(toFinding(problem, place));
  }
  check.sources.push({ path: name, rows: source.rows, sha256: source.hash.digest("hex") });
}

/** Seen before on the same side: a duplicate; an evaluation row seen in training: a leak. */
function judgeCopies(
  { trainIndex, evalIndex }: Check,
  side: "train" | "eval",
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
  const [first, other] = [...firstOfKind];
  if (!first || !other) return;
  const message = `rows of kind ${other[0]} here, but of kind ${first[0]} in ${first[1].file}: one dataset holds one kind`;
  findings.add(toFinding({ rule: "SCH000", message }, other[1]));
}

/** kto learns from the contrast. */
function reportOneLabel({ firstOfKind, labels, findings }: Check): void {
  const first = firstOfKind.get("unpaired");
  if (!first || labels.size === 2) return;
  findings.add(toFinding({ rule: "SCH011", message: `every label is ${labels.has(true)}` }, first));
}
