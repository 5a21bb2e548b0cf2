// Statistics of a dataset in one streamed pass: every row goes to a few reducers, each of bounded memory.
import type { CanonicalRow, Finding, RowPlace } from "../canonical.js";
import { looseDigest, rowDigest } from "../canonical-key.js";
import type { CheckModel, CheckProgress } from "../check-dataset.js";
import { type DatasetSource, filesOf, type Side } from "../dataset-facts.js";
import type { Json } from "../json/json.js";
import { asTrained } from "../masks/as-trained.js";
import { loadMaskModel } from "../masks/load-mask-model.js";
import { noRowReadable, readRows } from "../read-rows.js";
import { createRowIndex } from "../row-index.js";
import { answerStats } from "./answer-stats.js";
import { loadLanguageDetector } from "./language.js";
import { numberCounts, summarise } from "./number-counts.js";
import { textsOf } from "./row-parts.js";
import { textStats } from "./text-stats.js";
import { tokenStats } from "./token-stats.js";
import { toolStats } from "./tool-stats.js";
import { turnStats } from "./turn-stats.js";

export interface StatsInput extends DatasetSource {
  /** Null: nothing is said in tokens. */
  model: CheckModel | null;
  whyNoModel?: string;
  onProgress?: (progress: CheckProgress) => void;
  /** Sees every usable row of the training files, with its exact digest and as the file has it. */
  onRow?: (row: CanonicalRow, place: RowPlace, digest: Buffer, value: Json) => void;
}

/** The reducers after the pass; `ft data diff` compares those of two datasets. */
export type StatsPass = Awaited<ReturnType<typeof collectStats>>;
export type DatasetStats = ReturnType<StatsPass["result"]>;

/**
 * Reads the training files once; held-out files only for the table of sources.
 * @throws FtError data.* (exit data) when a file cannot be read at all or is empty, or no row of it; model.* when the tokenizer cannot be loaded
 */
export async function collectStats(input: StatsInput) {
  const tokens =
    input.model && tokenStats(await loadMaskModel(await asTrained(input.model, input)), input.model.engine);
  const turns = turnStats();
  const texts = textStats(await loadLanguageDetector());
  const tools = toolStats();
  const answers = answerStats();
  const seen = createRowIndex();
  const rows = { read: 0, usable: 0, exactCopies: 0, looseCopies: 0 };
  let firstFault = null as Finding | null;
  const sources: ReturnType<ReturnType<typeof sourceStats>["result"]>[] = [];

  const addRow = (row: CanonicalRow, place: RowPlace, value: Json): number | null => {
    const digest = rowDigest(row);
    const copy = seen.add(looseDigest(row), digest, place);
    if (copy) rows[copy.exact ? "exactCopies" : "looseCopies"] += 1;
    for (const reducer of [turns, texts, tools, answers]) reducer.add(row);
    input.onRow?.(row, place, digest, value);
    return tokens ? tokens.add(row) : null;
  };

  for (const side of ["train", "eval"] as const) {
    for (const file of filesOf(input, side)) {
      const source = sourceStats(file.name, side, file.weight);
      const reading = {
        ...file,
        report(finding: Finding) {
          if (finding.severity === "error") firstFault ??= finding;
        },
        onFormat: source.setFormat,
        onBytes: (read: number, size: number) => input.onProgress?.({ file: file.name, rows: rows.read, read, size }),
      };
      for await (const { place, row, value = null } of readRows(reading)) {
        if (side === "train") rows.read += 1;
        if (row && side === "train") rows.usable += 1;
        source.add(row, row && side === "train" ? addRow(row, place, value) : null);
      }
      sources.push(source.result());
    }
  }
  if (firstFault && rows.usable === 0)
    throw noRowReadable(rows.read, firstFault, `${firstFault.rule}: ${firstFault.message}`);

  return {
    ...{ turns, texts, tools, answers, tokens, rows },
    result: () => ({
      rows: { ...rows, distinct: rows.usable - rows.exactCopies - rows.looseCopies },
      sources,
      ...turns.result(),
      ...texts.result(),
      tools: tools.result(),
      answers: answers.result(),
      tokens: tokens ? { ...tokens.result(), template: input.model?.template?.origin ?? null } : null,
      whyNoTokens: tokens ? null : (input.whyNoModel ?? "no model given"),
    }),
  };
}

/** One file of several. */
function sourceStats(path: string, side: Side, weight: number) {
  const chars = numberCounts();
  let format: string | null = null;
  let rows = 0;
  let tokens: number | null = null;
  return {
    setFormat(name: string): void {
      format = name;
    },
    add(row: CanonicalRow | null, rowTokens: number | null): void {
      rows += 1;
      if (row) chars.add(textsOf(row).reduce((sum, text) => sum + text.length, 0));
      if (rowTokens !== null) tokens = (tokens ?? 0) + rowTokens;
    },
    result() {
      const { histogram: _, ...summary } = summarise(chars);
      return { path, side, weight, format, rows, usable: chars.count, chars: summary, tokens };
    },
  };
}
