// Measurements in the store: what each run took beside what was estimated before it.
import { z } from "zod";
import { memoryKinds } from "../plan/calibration/correct.js";
import type { Store } from "../store/open.js";

const band = z.object({ low: z.number(), mid: z.number(), high: z.number() });

export const memorySchema = z.object({
  kind: z.enum(memoryKinds),
  /** GiB: what the plan said before the run. */
  said: band,
  /** GiB: what this ft says, uncorrected, for rows as long as they really were; of it `counted` to the byte. */
  estimated: z.number(),
  counted: z.number(),
  /** GiB. */
  measured: z.number(),
});

export type MeasuredMemory = z.output<typeof memorySchema>;

const rowSchema = z.object({
  run: z.string(),
  machine: z.string(),
  engine: z.string(),
  longest_tokens: z.number().nullable(),
  saw_longest: z.number(),
  training_ms: z.number().nullable(),
  tokens_per_second: z.number().nullable(),
  said_training_ms: z.number().nullable(),
  said_tokens_per_second: z.number().nullable(),
  usd: z.number().nullable(),
  said_usd: z.number().nullable(),
  memory: z.string().transform((text) => z.array(memorySchema).parse(JSON.parse(text))),
});

export interface Measurement {
  run: string;
  machine: string;
  engine: string;
  longestTokens: number | null;
  /** The longest row went through the model: the peak is that of the estimate. */
  sawLongest: boolean;
  trainingMs: number | null;
  tokensPerSecond: number | null;
  /** What the plan said of both before the run; null: it did not know. */
  estimatedTrainingMs: number | null;
  estimatedTokensPerSecond: number | null;
  /** US dollars of the whole run, at the price that the plan took; null: the hardware's price is not known. */
  usd: number | null;
  estimatedUsd: number | null;
  memory: MeasuredMemory[];
}

/** Over an earlier one of the same run. */
export function storeMeasurement(store: Store, of: Measurement): void {
  store
    .prepare(
      `INSERT OR REPLACE INTO measurements (run, machine, engine, longest_tokens, saw_longest, training_ms, tokens_per_second,
         said_training_ms, said_tokens_per_second, usd, said_usd, memory)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    )
    .run(
      ...([of.run, of.machine, of.engine, of.longestTokens, of.sawLongest ? 1 : 0, of.trainingMs] as const),
      ...([of.tokensPerSecond, of.estimatedTrainingMs, of.estimatedTokensPerSecond] as const),
      ...([of.usd, of.estimatedUsd] as const),
      JSON.stringify(of.memory),
    );
}

/** Oldest first. */
export function listMeasurements(store: Store): Measurement[] {
  return store.prepare("SELECT * FROM measurements ORDER BY run").all().map(toMeasurement);
}

/** Null: the run is not over, or was not measured. */
export function measurementOf(store: Store, run: string): Measurement | null {
  const row = store.prepare("SELECT * FROM measurements WHERE run = ?").get(run);
  return row === undefined ? null : toMeasurement(row);
}

function toMeasurement(stored: unknown): Measurement {
  const row = rowSchema.parse(stored);
  return {
    ...{ run: row.run, machine: row.machine, engine: row.engine, memory: row.memory },
    ...{ longestTokens: row.longest_tokens, sawLongest: row.saw_longest === 1 },
    ...{ trainingMs: row.training_ms, tokensPerSecond: row.tokens_per_second },
    ...{ usd: row.usd, estimatedUsd: row.said_usd },
    ...{ estimatedTrainingMs: row.said_training_ms, estimatedTokensPerSecond: row.said_tokens_per_second },
  };
}
