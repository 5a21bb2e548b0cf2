// lock.json of a run: every resolved version and hash behind it, so that it can be repeated and its adapter trusted.
import { z } from "zod";

export const runLockSchema = z.object({
  version: z.literal(1),
  ft: z.string(),
  /** sha256 of the resolved recipe's canonical JSON, hex. */
  recipe: z.string(),
  base: z.object({ asked: z.string(), id: z.string(), revision: z.string() }),
  /** Null: the model has no chat template and none was asked for. */
  template: z.object({ origin: z.string(), sha256: z.string() }).nullable(),
  data: z.object({ train: z.string(), eval: z.string().nullable() }),
  engine: z.object({ name: z.string(), version: z.string(), lock: z.string(), accelerator: z.string() }),
  /** sha256 over all that decides the result; runs of older ft have none. */
  key: z.string().optional(),
  git: z.object({ commit: z.string(), dirty: z.boolean() }).nullable(),
});

export type RunLock = z.output<typeof runLockSchema>;
