// The event lines of a run: what the trainer runner appends to events.jsonl, one JSON object a line. They are the truth about a run.
import { z } from "zod";

const eventsVersion = 1;

/** `seq` counts from 1 within an attempt; `t` is epoch milliseconds where the event happened. */
const base = {
  v: z.literal(eventsVersion),
  attempt: z.int().positive(),
  seq: z.int().positive(),
  t: z.number(),
};

export const phases = ["preparing", "loading", "tokenizing", "training", "saving", "evaluating"] as const;

/** How a run can fail, found from exception types and exit statuses by the trainer runner. */
export const failureClasses = [
  "out-of-memory",
  "disk-full",
  "auth",
  "network",
  "nan-loss",
  "nothing-learnt",
  /** compute.budget is used up: the run was stopped with a checkpoint and can be resumed. */
  "budget",
  /** The platform's own time limit ended it. */
  "time-limit",
  "data",
  "killed",
  "dependency",
  /** The job wants a GPU and the machine, or the container, shows none (any more). */
  "gpu-lost",
  /** A folder that the run must write to belongs to someone else. */
  "permission",
  "unknown",
] as const;

/** Unknown keys are ignored (old readers live); unknown kinds are skipped by the reader, not an error. */
export const eventSchema = z.discriminatedUnion("kind", [
  z.object({ ...base, kind: z.literal("phase"), phase: z.enum(phases), detail: z.string().optional() }),
  z.object({
    ...base,
    kind: z.literal("progress"),
    /** done of total, in `unit` (steps, rows): for phases that have no metric. */
    done: z.number(),
    total: z.number().optional(),
    unit: z.string(),
  }),
  z.object({
    ...base,
    kind: z.literal("metric"),
    step: z.int().nonnegative(),
    /** Steps the whole training will take, when known. */
    totalSteps: z.int().positive().optional(),
    /** loss, eval_loss, learning_rate, grad_norm, tokens_per_second, epoch, ... Non-finite values arrive as null. */
    values: z.record(z.string(), z.number().nullable()),
  }),
  z.object({
    ...base,
    kind: z.literal("system"),
    /** rss_bytes, cpu_percent, ram_used_bytes, ram_total_bytes, gpu0_util_percent, gpu0_memory_bytes, gpu0_power_watts, ... */
    values: z.record(z.string(), z.number().nullable()),
  }),
  z.object({
    ...base,
    kind: z.literal("checkpoint"),
    /** Relative to the job folder. */
    path: z.string(),
    step: z.int().nonnegative(),
    /** Hash of the checkpoint's file manifest (ft-checkpoint.json), hex. */
    sha256: z.string(),
  }),
  z.object({
    ...base,
    kind: z.literal("sample"),
    /** One row of the engine's own first batch; a pair of answers is two samples. */
    row: z.int().nonnegative(),
    /** Of preferences, labelled answers and prompts: which text this is. */
    part: z.enum(["chosen", "rejected", "desirable", "undesirable", "prompt"]).optional(),
    inputIds: z.array(z.int()),
    /** -100 where no loss is taken; everywhere, of prompts and of conversations that get one score. */
    labels: z.array(z.int()),
    text: z.string(),
    trainedText: z.string(),
  }),
  z.object({ ...base, kind: z.literal("warning"), message: z.string() }),
  /** Asked to stop, or its budget is used up (`reason`): a checkpoint is saved at the end of the step. */
  z.object({ ...base, kind: z.literal("stopping"), reason: z.string().optional() }),
  z.object({
    ...base,
    kind: z.literal("error"),
    class: z.enum(failureClasses).catch("unknown"),
    message: z.string(),
    hint: z.string().optional(),
  }),
  z.object({
    ...base,
    kind: z.literal("end"),
    /** preempted: the platform took the machine back, and starts the job again by itself. */
    status: z.enum(["succeeded", "failed", "cancelled", "preempted"]),
    exitCode: z.int(),
    /** Last optimizer step done. */
    step: z.int().nonnegative().optional(),
  }),
]);

export type RunEvent = z.output<typeof eventSchema>;
export type FailureClass = (typeof failureClasses)[number];
export type Phase = (typeof phases)[number];
