// What an engine really trained on, its `sample` events, against what was predicted for the rows that it was given.
import type { Finding, RowPlace } from "../canonical.js";
import type { MaskEngine, MaskedLine, MaskModel } from "../masks/mask-model.js";
import { predictMask } from "../masks/predict-mask.js";
import { toFinding } from "../rules.js";
import { readEngineLines } from "./read-engine-lines.js";

/** A sequence as the engine's own collator handed it to the model; labels are -100 where no loss is taken. */
export interface EngineSample {
  /** Of the engine's dataset, from 0 on. */
  row: number;
  part?: "chosen" | "rejected" | "desirable" | "undesirable" | "prompt" | undefined;
  inputIds: number[];
  labels: number[];
}

export interface SampleMatch {
  sample: EngineSample;
  verdict: "as predicted" | "mask differs" | "not predicted" | "unknown";
  /** What was predicted: of packed sequences all of them as one; when nothing fits, the prediction that begins most alike. */
  predicted: MaskedLine | null;
  /** The rows it is made of. */
  places: RowPlace[];
  /** Why it is unknown. */
  why?: string;
}

/** Rows of the run's data that are looked at for a sample; the first rows are mostly among the first ones. */
const searchedRows = 20_000;

/**
 * @param data the run's own copy of its training rows, as the engine got them
 */
export async function matchSamples(
  samples: readonly EngineSample[],
  data: { path: string; name: string },
  model: MaskModel,
  engine: MaskEngine,
): Promise<SampleMatch[]> {
  const lines: PlacedLine[] = [];
  const found = new Map<EngineSample, SampleMatch>();
  let unknown: string | undefined;
  let rows = 0;
  for await (const { row, line, isOneTurn } of readEngineLines(data.path)) {
    rows += 1;
    if (rows > searchedRows) break;
    const place = { file: data.name, line };
    const prediction = predictMask(row, isOneTurn ? { ...model, turnByTurn: true } : model, engine);
    if ("unknown" in prediction) {
      unknown ??= prediction.unknown;
      continue;
    }
    const made = isOneTurn ? prediction.lines.slice(-1) : prediction.lines;
    lines.push(...made.map((each) => ({ line: each, place })));
    for (const sample of samples) {
      const packed = found.has(sample) ? null : packedFrom(sample.inputIds, lines);
      if (packed) found.set(sample, judged(sample, packed));
    }
    if (found.size === samples.length) break;
  }
  return samples.map((sample) => found.get(sample) ?? unmatched(sample, lines, unknown));
}

/** Samples that were trained otherwise than predicted, as findings on the rows of the run's data. */
export function sampleFindings(matches: readonly SampleMatch[], data: string): Finding[] {
  return matches.flatMap(({ sample, verdict, places: [place = { file: data, line: 1 }] }) => {
    if (verdict !== "mask differs" && verdict !== "not predicted") return [];
    const which = `row ${sample.row + 1} of the engine's data${sample.part ? `, ${sample.part}` : ""}`;
    const message =
      verdict === "mask differs" ? "loss is on other tokens" : "no row was predicted to become these tokens";
    return [toFinding({ rule: "TOK007", message: `${which}: ${message}` }, place)];
  });
}

interface PlacedLine {
  line: MaskedLine;
  place: RowPlace;
}

/** The predicted sequences that, one behind the other, are these ids; null: none. One sequence is the usual case. */
function packedFrom(ids: readonly number[], lines: readonly PlacedLine[]): PlacedLine[] | null {
  const parts: PlacedLine[] = [];
  for (let at = 0; at < ids.length; ) {
    const fits = ({ line }: PlacedLine) => line.kept > 0 && at + line.kept <= ids.length && startsAt(ids, at, line);
    // The longest: where conversations are one sequence a turn, a shorter one may be the start of it.
    const next = lines.filter(fits).reduce<PlacedLine | null>((best, each) => {
      return !best || each.line.kept > best.line.kept ? each : best;
    }, null);
    if (!next) return null;
    parts.push(next);
    at += next.line.kept;
  }
  return parts;
}

function startsAt(ids: readonly number[], at: number, line: MaskedLine): boolean {
  for (let index = 0; index < line.kept; index += 1) if (ids[at + index] !== line.ids[index]) return false;
  return true;
}

function judged(sample: EngineSample, parts: readonly PlacedLine[]): SampleMatch {
  const predicted = joined(parts.map(({ line }) => line));
  const starts = new Set<number>();
  let at = 0;
  for (const { line } of parts) {
    starts.add(at);
    at += line.kept;
  }
  // Nothing is predicted from nothing: what the label of a first token says has no effect.
  const isAlike = predicted.ids.every(
    (_, index) => starts.has(index) || (sample.labels[index] !== -100) === (predicted.trained[index] === 1),
  );
  const verdict = isAlike || sample.part === "prompt" ? "as predicted" : "mask differs";
  return { sample, verdict, predicted, places: parts.map(({ place }) => place) };
}

function joined(lines: readonly MaskedLine[]): MaskedLine {
  const ids = lines.flatMap((line) => line.ids.slice(0, line.kept));
  const trained = Uint8Array.from(lines.flatMap((line) => [...line.trained.subarray(0, line.kept)]));
  return {
    ids,
    trained,
    text: lines.map(({ text }) => text).join(""),
    offsets: null,
    kept: ids.length,
    dropped: false,
  };
}

function unmatched(sample: EngineSample, lines: readonly PlacedLine[], unknown: string | undefined): SampleMatch {
  if (lines.length === 0 && unknown !== undefined) {
    return { sample, verdict: "unknown", predicted: null, places: [], why: unknown };
  }
  let best: { placed: PlacedLine; common: number } | null = null;
  for (const placed of lines) {
    let common = 0;
    while (common < placed.line.ids.length && placed.line.ids[common] === sample.inputIds[common]) common += 1;
    if (!best || common > best.common) best = { placed, common };
  }
  return {
    sample,
    verdict: "not predicted",
    predicted: best?.placed.line ?? null,
    places: best ? [best.placed.place] : [],
  };
}
