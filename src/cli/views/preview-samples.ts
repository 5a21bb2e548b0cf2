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

export function samplesReport({ engine, model, matches }: RunSamples, run: string): Report {
  const endIds = endOfTurnIds(model.tokenizer, model.render);
  const line = (masked: MaskedLine) => previewLine(masked, model.tokenizer, endIds);
  const named = (name: string, masked: MaskedLine): RowPreview => ({
    ...{ kind: "messages", turns: 0, tools: 0, template: null, maxLength: model.maxLength },
    engine: name,
    sequences: [{ name: "", ...line(masked) }],
  });
  const blocks = matches.flatMap((match): Block[] => {
    const real = asLine(match);
    const versions = [named(engine, real), ...(match.predicted ? [named("predicted", match.predicted)] : [])];
    const title = sampleName(match);
    return [verdictBlock(match, line(real)), ...comparisonBlocks(compareEngines(versions), title)];
  });
  const wrong = matches.filter(isFinding).length;
  const subtitle = wrong === 0 ? "trained as predicted" : `${counted(wrong, "sample")} not as predicted`;
  return { title: `run ${run}: what ${engine} trained`, subtitle, blocks };
}

/** What the engine trained is not what was said that it would. */
export function isFinding({ verdict }: SampleMatch): boolean {
  return verdict === "mask differs" || verdict === "not predicted";
}

function asLine({ sample: { inputIds, labels }, predicted }: SampleMatch): MaskedLine {
  const trained = Uint8Array.from(labels, (label) => (label === -100 ? 0 : 1));
  return { ids: inputIds, trained, text: predicted?.text ?? "", offsets: null, kept: inputIds.length, dropped: false };
}

function sampleName({ sample: { row, part } }: SampleMatch): string {
  return `row ${number(row + 1)} of the engine's data${part ? `, ${part}` : ""}`;
}

const meaning: Record<SampleMatch["verdict"], string> = {
  "as predicted": "the same tokens, with loss on the same ones",
  "mask differs": "the same tokens, but with loss on others than predicted",
  "not predicted": "no row of the run's data was predicted to become these tokens",
  unknown: "the prediction is not known",
};

function verdictBlock(match: SampleMatch, { kept, trained }: PreviewLine): Block {
  const { verdict, places, why } = match;
  const text = `${meaning[verdict]}${why ? `: ${why}` : ""}`;
  const level = isFinding(match) ? "bad" : verdict === "unknown" ? "warning" : "good";
  return {
    kind: "facts",
    title: sampleName(match),
    facts: [
      { name: "made of", value: places.map(({ file, line }) => `${file}:${line}`).join(", ") || "-" },
      { name: "trained", value: `${number(trained)} of ${counted(kept, "token")}` },
    ],
    notes: [{ text, level }],
  };
}
