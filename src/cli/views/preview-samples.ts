// What `ft data preview --from-run` shows: each sequence as the engine trained it, and how it differs from what was predicted.

import { endOfTurnIds } from "../../dataset/masks/end-of-turn.js";
import type { MaskedLine } from "../../dataset/masks/mask-model.js";
import { compareEngines } from "../../dataset/preview/compare-engines.js";
import type { SampleMatch } from "../../dataset/preview/match-samples.js";
import { type PreviewLine, previewLine } from "../../dataset/preview/preview-line.js";
import type { RowPreview } from "../../dataset/preview/preview-row.js";
import type { RunSamples } from "../../pipeline/run-samples.js";
import type { Block, Report } from "../../report/block.js";
import { counted, number } from "../../report/number.js";
import { comparisonBlocks } from "./preview-comparison.js";

/** A sample with its tokens as they are shown: those that the engine trained on, and those that were predicted. */
export interface ShownSample extends Pick<SampleMatch, "verdict" | "places" | "why"> {
  /** Of the engine's dataset, from 0 on. */
  row: number;
  part: SampleMatch["sample"]["part"];
  real: PreviewLine;
  predicted: PreviewLine | null;
}

export function shownSamples({ model, matches }: RunSamples): ShownSample[] {
  const endIds = endOfTurnIds(model.tokenizer, model.render);
  const shown = (line: MaskedLine) => previewLine(line, model.tokenizer, endIds);
  return matches.map(({ sample: { row, part }, predicted, ...match }, index) => ({
    ...{ row, part, verdict: match.verdict, places: match.places, ...(match.why !== undefined && { why: match.why }) },
    real: shown(asLine(matches[index]!)),
    predicted: predicted && shown(predicted),
  }));
}

export function samplesReport(
  samples: readonly ShownSample[],
  { run, engine, maxLength }: { run: string; engine: string; maxLength: number },
): Report {
  const named = (name: string, line: PreviewLine): RowPreview => ({
    ...{ kind: "messages", turns: 0, tools: 0, template: null, maxLength },
    engine: name,
    sequences: [{ name: "", ...line }],
  });
  const blocks = samples.flatMap((sample): Block[] => {
    const versions = [named(engine, sample.real), ...(sample.predicted ? [named("predicted", sample.predicted)] : [])];
    return [verdictBlock(sample), ...comparisonBlocks(compareEngines(versions), sampleName(sample))];
  });
  const wrong = samples.filter(isFinding).length;
  const subtitle = wrong === 0 ? "trained as predicted" : `${counted(wrong, "sample")} not as predicted`;
  return { title: `run ${run}: what ${engine} trained`, subtitle, blocks };
}

/** What the engine trained is not what was said that it would. */
function isFinding({ verdict }: Pick<SampleMatch, "verdict">): boolean {
  return verdict === "mask differs" || verdict === "not predicted";
}

function asLine({ sample: { inputIds, labels }, predicted }: SampleMatch): MaskedLine {
  const trained = Uint8Array.from(labels, (label) => (label === -100 ? 0 : 1));
  return { ids: inputIds, trained, text: predicted?.text ?? "", offsets: null, kept: inputIds.length, dropped: false };
}

function sampleName({ row, part }: ShownSample): string {
  return `row ${number(row + 1)} of the engine's data${part ? `, ${part}` : ""}`;
}

const meaning: Record<SampleMatch["verdict"], string> = {
  "as predicted": "the same tokens, with loss on the same ones",
  "mask differs": "the same tokens, but with loss on others than predicted",
  "not predicted": "no row of the run's data was predicted to become these tokens",
  unknown: "the prediction is not known",
};

function verdictBlock(sample: ShownSample): Block {
  const { verdict, places, why, real } = sample;
  const text = `${meaning[verdict]}${why ? `: ${why}` : ""}`;
  const rule = isFinding(sample) ? "TOK007 " : "";
  const level = isFinding(sample) ? "bad" : verdict === "unknown" ? "warning" : "good";
  return {
    kind: "facts",
    title: sampleName(sample),
    facts: [
      { name: "made of", value: places.map(({ file, line }) => `${file}:${line}`).join(", ") || "-" },
      { name: "trained", value: `${number(real.trained)} of ${counted(real.kept, "token")}` },
    ],
    notes: [{ text: `${rule}${text}`, level }],
  };
}
