// Inspect's logs (--log-format json) as items: one for each sample and epoch of each task, each scorer's value a score.
import { createHash } from "node:crypto";
import { z } from "zod";
import { canonicalJson } from "../../recipes/lock-file.js";
import type { ItemRecord } from "../record.js";
import { whyUnreadable } from "./why-unreadable.js";

const messageSchema = z.object({ role: z.string(), content: z.unknown().optional(), source: z.string().nullish() });

const sampleSchema = z.object({
  id: z.union([z.string(), z.int()]),
  epoch: z.int(),
  input: z.union([z.string(), z.array(messageSchema)]),
  choices: z.array(z.string()).nullish(),
  target: z.unknown().optional(),
  metadata: z.record(z.string(), z.unknown()).default({}),
  messages: z.array(messageSchema).default([]),
  output: z.object({ completion: z.string().optional() }).optional(),
  scores: z.record(z.string(), z.object({ value: z.unknown() })).nullish(),
  error: z.object({ message: z.string() }).nullish(),
  model_usage: z.record(z.string(), z.object({ input_tokens: z.int(), output_tokens: z.int() })).default({}),
  total_time: z.number().nullish(),
});
type Sample = z.output<typeof sampleSchema>;

const logSchema = z.object({
  status: z.string(),
  error: z.object({ message: z.string() }).nullish(),
  eval: z.object({ task: z.string(), model: z.string() }),
  results: z.object({ total_samples: z.int() }).nullish(),
  samples: z.array(sampleSchema).nullish(),
});

/** `model`: the one that should have been asked. Inspect ends with 0 whatever becomes of an evaluation: its status is what counts. */
export function readInspect(
  logs: readonly string[],
  { model, slices }: { model: string; slices: readonly string[] },
): { items: ItemRecord[] } | { problem: string } {
  if (logs.length === 0) return { problem: "it wrote no log" };
  const items: ItemRecord[] = [];
  for (const text of logs) {
    let log: z.output<typeof logSchema>;
    try {
      log = logSchema.parse(JSON.parse(text));
    } catch (error) {
      return { problem: `its log cannot be read: ${whyUnreadable(error)}` };
    }
    const { status, error, results, samples } = log;
    const { task, model: asked } = log.eval;
    if (status !== "success")
      return { problem: `task ${task} ended with status ${status}${error ? `: ${error.message}` : ""}` };
    if (asked !== model) return { problem: `task ${task} asked ${asked}, not the model under test` };
    const count = samples?.length ?? 0;
    if (count === 0) return { problem: `task ${task} has no samples` };
    if (results?.total_samples !== count)
      return { problem: `task ${task} has ${results?.total_samples} samples, and its log ${count}` };
    const isRepeated = samples!.some(({ epoch }) => epoch > 1);
    items.push(...samples!.map((sample) => toItem(sample, { task, model, slices, isRepeated })));
  }
  const metrics = [...new Set(items.flatMap(({ scores }) => Object.keys(scores)))];
  if (metrics.length === 0) return { problem: items[0]!.error ?? "no sample has a score" };
  return {
    items: items.map((item) => ({
      ...item,
      scores: { ...Object.fromEntries(metrics.map((name) => [name, null])), ...item.scores },
    })),
  };
}

function toItem(
  sample: Sample,
  { task, model, slices, isRepeated }: { task: string; model: string; slices: readonly string[]; isRepeated: boolean },
): ItemRecord {
  const { id, epoch, input, choices, target, metadata, model_usage: usage } = sample;
  const asked = typeof input === "string" ? input : input.map(bare);
  const answered = sample.messages.findIndex(({ source }) => source === "generate");
  const prompt = sample.messages.slice(0, answered === -1 ? undefined : answered).map(bare);
  const read = scoresOf(sample);
  return {
    item: `${task}/${id}${epoch > 1 ? `#${epoch}` : ""}`,
    inputSha256: sha256(canonicalJson(JSON.parse(JSON.stringify([asked, choices, target, metadata])))),
    promptSha256: prompt.length === 0 ? null : sha256(JSON.stringify(prompt)),
    slice: { task, ...Object.fromEntries(slices.map((name) => [name, said(metadata[name])])) },
    cluster: isRepeated ? `${task}/${id}` : null,
    output: sample.output?.completion ?? null,
    scores: "problem" in read ? {} : read.scores,
    error: sample.error?.message.split("\n")[0] ?? ("problem" in read ? read.problem : null),
    promptTokens: usage[model]?.input_tokens ?? null,
    outputTokens: usage[model]?.output_tokens ?? null,
    latencyMs: typeof sample.total_time === "number" ? sample.total_time * 1000 : null,
    costUsd: null,
  };
}

/** Without the ids that Inspect draws anew each time. */
function bare({ role, content }: z.output<typeof messageSchema>): { role: string; content: unknown } {
  return { role, content };
}

/** Inspect's letters: correct, incorrect, partly, no answer. */
const letters: Record<string, number> = { C: 1, I: 0, P: 0.5, N: 0 };

function scoresOf({ scores }: Sample): { scores: Record<string, number> } | { problem: string } {
  const read: Record<string, number> = {};
  for (const [scorer, { value }] of Object.entries(scores ?? {})) {
    const parts = typeof value === "object" && value !== null ? Object.entries(value) : [["", value] as const];
    for (const [part, one] of parts) {
      const number = typeof one === "string" ? letters[one] : typeof one === "boolean" ? Number(one) : one;
      if (typeof number !== "number" || !Number.isFinite(number))
        return { problem: `${scorer} gave ${said(one)}, which is no number` };
      read[part === "" ? scorer : `${scorer}/${part}`] = number;
    }
  }
  return Object.keys(read).length === 0 ? { problem: "it has no score" } : { scores: read };
}

function said(value: unknown): string {
  if (value === undefined || value === null) return "(none)";
  return typeof value === "string" ? value : JSON.stringify(value);
}

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
