// An evaluation on held-out rows as one of the suite `heldout`: one shape for all.
import { createHash } from "node:crypto";
import { canonicalJson } from "../recipes/lock-file.js";
import { decodingOf, type EvaluatorSettings } from "./decoding.js";
import type { EvaluationToRecord, ItemRecord, Metric, Subject } from "./record.js";
import type { EvalItem, Evaluation, ItemScore, Variant } from "./results.js";

export const heldOutSuite = "heldout";

interface HeldOutMetric extends Metric {
  of(score: ItemScore): number | null;
  /** Left out: it does where it has a value. */
  applies?(score: ItemScore): boolean;
}

const share: Omit<Metric, "name"> = { better: "higher", format: "percent", scale: [0, 1] };
const metrics: HeldOutMetric[] = [
  // Of a row, so that rows can be compared: a long answer counts as much as a short one here.
  {
    ...{ name: "nll", better: "lower", format: "number" },
    of: ({ nll, tokens }) => (nll === null || tokens === 0 ? null : nll / tokens),
    applies: ({ tokens }) => tokens > 0, // a loss that is not finite is missing
  },
  { name: "exact_match", ...share, of: ({ exactMatch }) => exactMatch },
  { name: "json_valid", ...share, of: ({ jsonValid }) => jsonValid },
  { name: "preference_accuracy", ...share, of: ({ preferenceAccuracy }) => preferenceAccuracy },
  { name: "reward", better: "higher", format: "number", of: ({ reward }) => reward },
];

/** Of config/evaluate.json, as far as it decides the results. */
export interface HeldOutSettings extends EvaluatorSettings {
  maxLength?: number;
  objective?: string;
}

export interface HeldOutOrigin {
  settings: HeldOutSettings;
  subject: Subject;
  run: string | null;
  createdAt: number;
  tools: Record<string, string>;
}

/** Over how they are measured and all rows, in order. */
export function heldOutSha256(
  items: readonly EvalItem[],
  { maxLength, objective, maxNewTokens }: Pick<HeldOutSettings, "maxLength" | "objective" | "maxNewTokens">,
): string {
  const hash = createHash("sha256").update(canonicalJson({ maxLength, objective, maxNewTokens }));
  for (const item of items) hash.update(inputOf(item));
  return hash.digest("hex");
}

/** Of an evaluation that has every row of this variant. Metrics that apply to no row are left out. */
export function heldOutRecord(
  { items, scores, createdAt: endedAt }: Evaluation,
  variant: Variant,
  { settings, subject, run, createdAt, tools }: HeldOutOrigin,
): { known: EvaluationToRecord; items: ItemRecord[] } {
  const own = items.map((item) => ({ item, score: scores[variant].get(item.item)! }));
  const measured = metrics.filter(({ of, applies }) =>
    own.some(({ score }) => (applies ? applies(score) : of(score) !== null)),
  );
  const suite = {
    ...{ name: heldOutSuite, type: heldOutSuite, sha256: heldOutSha256(items, settings) },
    metrics: measured.map(({ of: _, applies: __, ...metric }) => metric),
  };
  const hasAnswers = own.some(({ score }) => score.output !== null);
  const decoding = hasAnswers ? decodingOf(settings, settings.maxNewTokens) : null;
  return {
    known: { suite, subject, decoding, run, createdAt, endedAt, tools, notes: {} },
    items: own.map(({ item, score }) => toRecord(item.item, inputOf(item), score, measured)),
  };
}

/** Of what is asked and what is right, not of where it stands. */
function inputOf({ file: _, line: __, ...content }: EvalItem): string {
  return createHash("sha256").update(canonicalJson(content)).digest("hex");
}

function toRecord(item: string, inputSha256: string, score: ItemScore, measured: HeldOutMetric[]): ItemRecord {
  const { promptSha256, output, promptTokens, outputTokens, latencyMs } = score;
  return {
    ...{ item, inputSha256, promptSha256, slice: {}, cluster: null, output, error: null },
    scores: Object.fromEntries(measured.map(({ name, of }) => [name, of(score)])),
    ...{ promptTokens, outputTokens, latencyMs, costUsd: null },
  };
}

/** As .ft/suites keeps what was asked. */
export function heldOutLines(items: EvalItem[]): string {
  return items
    .map(({ item, file, line, messages, prompt, reference }) =>
      JSON.stringify({ item, file, line, messages: messages ?? prompt ?? [], reference: reference ?? null }),
    )
    .map((line) => `${line}\n`)
    .join("");
}
