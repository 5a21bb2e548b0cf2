// What a training took, from its events: memory at the peak, speed, time. Pure.
import type { RunEvent } from "./events.js";

export interface TrainingMeasure {
  /** Bytes at the peak, by what was measured; without a GPU only the process's resident memory says something. */
  peaks: { rss: number | null; allocated: number | null; reserved: number | null };
  /** Tokens of the longest row, as the engine's collator made it. */
  longestTokens: number | null;
  /** Passes over the rows; from 1 on the longest one was there. */
  epochs: number | null;
  /** Median over the intervals between log lines, without the first, in which kernels are loaded. */
  tokensPerSecond: number | null;
  /** From the first step to the last, over all attempts. */
  trainingMs: number | null;
}

export function measureTraining(events: readonly RunEvent[]): TrainingMeasure {
  const largest = (name: string): number | null => {
    const values = events.flatMap((event) => (event.kind === "system" ? (event.values[name] ?? []) : []));
    return values.length === 0 ? null : Math.max(...values);
  };
  return {
    peaks: {
      rss: largest("training_peak_rss_bytes"),
      allocated: largest("gpu_peak_allocated_bytes"),
      reserved: largest("gpu_peak_reserved_bytes"),
    },
    longestTokens: largest("longest_row_tokens"),
    epochs: largest("epochs"),
    tokensPerSecond: median(speeds(events)),
    trainingMs: timeInTraining(events),
  };
}

function speeds(events: readonly RunEvent[]): number[] {
  const seen = new Set<number>();
  return events.flatMap((event) => {
    const speed = event.kind === "metric" ? event.values.tokens_per_second : null;
    if (!speed) return [];
    const isFirst = !seen.has(event.attempt);
    seen.add(event.attempt);
    return isFirst ? [] : [speed];
  });
}

function timeInTraining(events: readonly RunEvent[]): number | null {
  let total: number | null = null;
  let since: number | null = null;
  for (const { kind, t, ...event } of events) {
    if (since !== null && (kind === "phase" || kind === "end" || kind === "error")) {
      total = (total ?? 0) + t - since;
      since = null;
    }
    if (kind === "phase" && "phase" in event && event.phase === "training") since = t;
  }
  return total;
}

function median(values: number[]): number | null {
  if (values.length === 0) return null;
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
