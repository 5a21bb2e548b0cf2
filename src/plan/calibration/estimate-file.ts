// estimate.json of a job folder: what the plan said before the training, and all that it takes to say it again for rows as long as they really were.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import type { Recipe } from "../../recipes/schema.js";
import type { Hardware } from "../hardware.js";
import { type MemoryPlan, type PlanInput, planMemory } from "../memory-plan.js";
import type { MemoryKind } from "./correct.js";

const bandSchema = z.object({ low: z.number(), mid: z.number(), high: z.number() });

/** A model's shape, a hardware: ft's own, as they were written. */
const ownShape = z.custom<PlanInput["shape"]>((value) => typeof value === "object" && value !== null);
const hardwareSchema = z.object({
  label: z.string(),
  alias: z.string().nullable(),
  kind: z.enum(["gpu", "cpu"]),
  count: z.int(),
  bytes: z.number(),
  bf16: z.boolean(),
});

const estimateSchema = z.object({
  version: z.literal(1),
  /** Of the machine that it was made on (calibration-file.ts). */
  machine: z.string(),
  hardware: hardwareSchema,
  shape: ownShape,
  lengths: z
    .object({
      longest: z.number(),
      mean: z.number(),
      heldOut: z.number().nullable().optional(),
      error: z.number().optional(),
    })
    .nullable(),
  /** GiB, as the plan showed them. */
  memory: z.object({ needed: bandSchema, allocated: bandSchema, reserved: bandSchema }),
  /** Of the training alone: tokens a second before past runs corrected them, and how long it was said to take; null: not estimated. */
  speed: z.object({ tokensPerSecond: z.number(), trainingSeconds: z.number() }).nullable().default(null),
  /** US dollars of the whole run, and of an hour of all its GPUs; null: no price is known. */
  cost: z.object({ usd: z.number(), usdHour: z.number() }).nullable().default(null),
  /** Bytes: of the base as it is stored, of the run's folder at its largest, of one checkpoint; null: not estimated. */
  disk: z.object({ base: z.number(), run: z.number(), checkpoint: z.number() }).nullable().default(null),
});

export type Estimate = z.output<typeof estimateSchema>;

export const estimateFileName = "estimate.json";

/** Pure. */
export function makeEstimate(
  input: PlanInput,
  hardware: Hardware,
  { machine, speed, cost, disk }: Pick<Estimate, "machine" | "speed" | "cost" | "disk">,
): Estimate {
  const { needed, allocated, reserved } = planMemory(input, hardware);
  const { correction: _, ...plain } = hardware;
  return {
    ...{ version: 1, machine, hardware: plain, shape: input.shape, lengths: input.lengths },
    ...{ memory: { needed, allocated, reserved }, speed, cost, disk },
  };
}

/** Null: a run of an ft that kept none, or whose model or GPU was not known. */
export function readEstimate(jobDir: string): Estimate | null {
  const file = join(jobDir, estimateFileName);
  if (!existsSync(file)) return null;
  try {
    return estimateSchema.parse(JSON.parse(readFileSync(file, "utf8")));
  } catch {
    return null;
  }
}

/** What this ft says today, uncorrected, of the same training with rows as long as they really were. Pure. */
export function estimateAgain(
  { hardware, shape }: Estimate,
  recipe: Recipe,
  lengths: PlanInput["lengths"],
): MemoryPlan {
  return planMemory({ recipe, shape, lengths }, hardware);
}

/** GiB of the figure that is measured as `kind`. */
export function estimatedAs(kind: MemoryKind, plan: Pick<MemoryPlan, "needed" | "allocated" | "reserved">) {
  return kind === "rss" ? plan.needed : plan[kind];
}
