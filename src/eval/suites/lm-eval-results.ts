// What lm-eval wrote with --log_samples as items: one for each document of a task, each of its metrics a score.
import { createHash } from "node:crypto";
import { z } from "zod";
import type { ItemRecord, Metric } from "../record.js";
import { whyUnreadable } from "./why-unreadable.js";

const resultsSchema = z.object({ higher_is_better: z.record(z.string(), z.record(z.string(), z.boolean())) });

const sampleSchema = z.looseObject({
  doc_id: z.int(),
  doc_hash: z.string(),
  prompt_hash: z.string(),
  target_hash: z.string(),
  filter: z.string().default("none"),
  filtered_resps: z.array(z.unknown()).default([]),
  metrics: z.array(z.string()),
});

export interface TaskSamples {
  task: string;
  /** The file's JSON lines. */
  text: string;
}

/** Metrics that are no number of one document (perplexity of a whole text) are left out. */
export function readLmEval(
  results: string,
  samples: readonly TaskSamples[],
): { items: ItemRecord[]; metrics: Metric[] } | { problem: string } {
  try {
    const { higher_is_better: better } = resultsSchema.parse(JSON.parse(results));
    const items = new Map<string, ItemRecord>();
    for (const { task, text } of samples) {
      for (const line of text.split("\n")) {
        if (line !== "") takeSample(items, sampleSchema.parse(JSON.parse(line)), task);
      }
    }
    const metrics = metricsOf([...items.values()], better);
    if (metrics.length === 0) return { problem: "no sample has a score of its own" };
    return { items: [...items.values()], metrics };
  } catch (error) {
    return { problem: `its results cannot be read: ${whyUnreadable(error)}` };
  }
}

function takeSample(items: Map<string, ItemRecord>, sample: z.output<typeof sampleSchema>, task: string): void {
  const item = `${task}/${sample.doc_id}`;
  const { doc_hash, prompt_hash, target_hash, filtered_resps: answers } = sample;
  const [answer] = answers;
  const known = items.get(item) ?? {
    ...{
      item,
      inputSha256: createHash("sha256")
        .update(doc_hash + target_hash)
        .digest("hex"),
    },
    ...{ promptSha256: prompt_hash, slice: { task }, cluster: null, scores: {}, error: null },
    output: answer === undefined ? null : typeof answer === "string" ? answer : JSON.stringify(answers),
    ...{ promptTokens: null, outputTokens: null, latencyMs: null, costUsd: null },
  };
  const filter = sample.filter === "none" ? "" : `,${sample.filter}`;
  const scores = sample.metrics.flatMap((metric) => {
    const value = sample[metric];
    return typeof value === "number" || typeof value === "boolean" ? [[`${metric}${filter}`, Number(value)]] : [];
  });
  items.set(item, { ...known, scores: { ...known.scores, ...Object.fromEntries(scores) } });
}

function metricsOf(items: readonly ItemRecord[], better: Record<string, Record<string, boolean>>): Metric[] {
  const directions = Object.assign({}, ...Object.values(better)) as Record<string, boolean>;
  const names = [...new Set(items.flatMap(({ scores }) => Object.keys(scores)))];
  return names.map((name) => {
    const isShare = items.every(({ scores }) => (scores[name] ?? 0) >= 0 && (scores[name] ?? 0) <= 1);
    const isHigher = directions[name.split(",")[0]!] ?? true;
    return {
      ...{ name, better: isHigher ? "higher" : "lower", format: isShare ? "percent" : "number" },
      ...(isShare && { scale: [0, 1] as [number, number] }),
    };
  });
}
