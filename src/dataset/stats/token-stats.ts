// Statistics in tokens: lengths of the engine's sequences, what is cut, what is trained, and how they would pack.
import type { CanonicalRow } from "../canonical.js";
import { packing } from "../curate/pack.js";
import { type MaskEngine, type MaskModel, mostCostly } from "../masks/mask-model.js";
import { rowPredictor } from "../masks/predict-mask.js";
import { numberCounts, summarise } from "./number-counts.js";
import { valueCounts } from "./value-counts.js";

/** @param engine whose masks and sequences are counted */
export function tokenStats(model: MaskModel, engine: MaskEngine) {
  const { maxLength } = model;
  const lengths = numberCounts();
  const trainedLengths = numberCounts();
  const unknown = valueCounts(20);
  const packed = packedStream(maxLength);
  const { predict, isGivenUp } = rowPredictor(model, engine);
  const sums = { kept: 0, trained: 0, overLength: 0, cutTokens: 0, nothingTrained: 0 };

  return {
    lengths,
    /** Tokens of the row's sequences, all together; null when they are not known. */
    add(row: CanonicalRow): number | null {
      if (isGivenUp()) {
        unknown.add(`not rendered, as the template was too costly for ${mostCostly} rows`);
        return null;
      }
      const prediction = predict(row);
      if ("unknown" in prediction) {
        unknown.add(prediction.unknown);
        return null;
      }
      for (const { ids, trained, kept } of prediction.lines) {
        const trainedTokens = countOnes(trained, kept);
        lengths.add(ids.length);
        packed.add(ids.length);
        trainedLengths.add(trainedTokens);
        sums.kept += kept;
        sums.trained += trainedTokens;
        sums.cutTokens += ids.length - kept;
        if (ids.length > kept) sums.overLength += 1;
        if (trainedTokens === 0) sums.nothingTrained += 1;
      }
      return prediction.lines.reduce((sum, { ids }) => sum + ids.length, 0);
    },
    result() {
      return {
        engine,
        maxLength,
        sequences: lengths.count,
        length: summarise(lengths),
        trained: summarise(trainedLengths),
        /** Of the tokens that are kept. */
        trainedShare: sums.kept === 0 ? 0 : sums.trained / sums.kept,
        overLength: sums.overLength,
        cutTokens: sums.cutTokens,
        sequencesWithNothingTrained: sums.nothingTrained,
        /** With data.packing: whole sequences together, best-fit decreasing. */
        packing: packed.result(),
        /** Rows whose tokens are not known, by reason. */
        unknown: unknown.top(),
      };
    },
  };
}

/** TRL packs 1,000 sequences at a time, so that no more of them need to be remembered. */
const batchSequences = 1000;

function packedStream(maxLength: number) {
  let batch: number[] = [];
  const sums = { sequences: 0, tokens: 0 };
  const flush = (): void => {
    const { sequences, cutTokens } = packing(batch, maxLength, "bfd");
    sums.sequences += sequences;
    sums.tokens += batch.reduce((sum, length) => sum + length, 0) - cutTokens;
    batch = [];
  };
  return {
    add(length: number): void {
      batch.push(length);
      if (batch.length === batchSequences) flush();
    },
    result() {
      flush();
      const { sequences, tokens } = sums;
      return { sequences, filled: sequences === 0 ? 0 : tokens / (sequences * maxLength) };
    },
  };
}

function countOnes(trained: Uint8Array, end: number): number {
  let ones = 0;
  for (let at = 0; at < end; at += 1) ones += trained[at]!;
  return ones;
}
