// lock.json of a run: every resolved version and hash behind it, so that it can be repeated and its adapter trusted.
import { z } from "zod";

/** What two runs must share to have the same result. */
const fingerprintSchema = z.object({
  /** As in ft.lock.json: sha256 over recipe, base, template, data and engine. */
  key: z.string(),
  /** ft's version: another one may render otherwise. */
  ft: z.string(),
  /** sha256 of the job's trainer code. */
  trainer: z.string(),
  /** Trained on. */
  device: z.object({ kind: z.string(), bf16: z.boolean() }),
});

export type Fingerprint = z.output<typeof fingerprintSchema>;

/** Runs of older versions have no key, trainer and device. */
export const runLockSchema = fingerprintSchema.partial({ key: true, trainer: true, device: true }).extend({
  version: z.literal(1),
  /** sha256 of the resolved recipe's canonical JSON, hex. */
  recipe: z.string(),
  base: z.object({ asked: z.string(), id: z.string(), revision: z.string() }),
  /** Null: the model has no chat template and none was asked for. */
  template: z.object({ origin: z.string(), sha256: z.string() }).nullable(),
  data: z.object({
    train: z.string(),
    eval: z.string().nullable(),
    /** By path, as in ft.lock.json; runs of older versions have none. */
    sources: z.record(z.string(), z.object({ rows: z.int(), sha256: z.string() })).optional(),
  }),
  engine: z.object({ name: z.string(), version: z.string(), lock: z.string(), accelerator: z.string() }),
  git: z.object({ commit: z.string(), dirty: z.boolean() }).nullable(),
});

export type RunLock = z.output<typeof runLockSchema>;
