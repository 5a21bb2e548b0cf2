// The evaluation on held-out rows that a run's job makes, as two evaluations of the suite `heldout`: one shape for all.
import { createHash } from "node:crypto";
import { canonicalJson } from "../recipes/lock-file.js";
import { decodingOf, type EvaluatorSettings } from "./decoding.js";
import type { EvaluationToRecord, ItemRecord, Metric, Subject } from "./record.js";
import type { EvalItem, Evaluation, ItemScore } from "./results.js";

const heldOutSuite = "heldout";

interface HeldOutMetric extends Metric {
  of(score: ItemScore): number | null;
}

const share: Omit<Metric, "name"> = { better: "higher", format: "percent", scale: [0, 1] };
const metrics: HeldOutMetric[] = [
  // Of a row, so that rows can be compared: a long answer counts as much as a short one here.
  {
    ...{ name: "nll", better: "lower", format: "number" },
    of: ({ nll, tokens }) => (nll === null || tokens === 0 ? null : nll / tokens),
  },
  { name: "exact_match", ...share, of: ({ exactMatch }) => exactMatch },
  { name: "json_valid", ...share, of: ({ jsonValid }) => jsonValid },
  { name: "preference_accuracy", ...share, of: ({ preferenceAccuracy }) => preferenceAccuracy },
  { name: "reward", better: "higher", format: "number", of: ({ reward }) => reward },
];

export interface HeldOutOrigin {
  settings: EvaluatorSettings & { maxLength?: number; objective?: string };
  subjects: { base: Subject; adapter: Subject };
  run: string;
  createdAt: number;
  tools: Record<string, string>;
}

/** Of a whole evaluation. Metrics that apply to no row are left out. */
export function heldOutRecords(
  { items, scores, createdAt: endedAt }: Evaluation,
  { settings, subjects, run, createdAt, tools }: HeldOutOrigin,
): { known: EvaluationToRecord; items: ItemRecord[] }[] {
  const measured = metrics.filter(({ of }) => items.some(({ item }) => of(scores.base.get(item)!) !== null));
  const { maxLength, objective, maxNewTokens } = settings;
  const hash = createHash("sha256").update(canonicalJson({ maxLength, objective, maxNewTokens }));
  const inputs = items.map(inputOf);
  for (const input of inputs) hash.update(input);
  const suite = {
    ...{ name: heldOutSuite, type: heldOutSuite, sha256: hash.digest("hex") },
    metrics: measured.map(({ of: _, ...metric }) => metric),
  };
  const hasAnswers = items.some(({ item }) => scores.base.get(item)!.output !== null);
  const decoding = hasAnswers ? decodingOf(settings, maxNewTokens) : null;
  return (["base", "adapter"] as const).map((variant) => ({
    known: { suite, subject: subjects[variant], decoding, run, createdAt, endedAt, tools, notes: {} },
    items: items.map(({ item }, index) => toRecord(item, inputs[index]!, scores[variant].get(item)!, measured)),
  }));
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
