// recipe keys `engine` and `compute`: which trainer runs, where, and over how many GPUs.
import { z } from "zod";
import { targetSchema } from "./targets.js";

export const engineNames = ["trl", "axolotl", "unsloth"] as const;

/** The versions that ft pins, newest first: the first is the default. Key tables and environments exist for these. */
export const engineVersions: Record<(typeof engineNames)[number], readonly [string, ...string[]]> = {
  trl: ["1.16.0"],
  axolotl: ["0.21.0", "0.19.0"],
  unsloth: ["2026.10.7"],
};

/** `engine: trl` is short for `engine: { name: trl }`. */
export const engineSchema = z.preprocess(
  (value) => (typeof value === "string" ? { name: value } : value),
  z.strictObject({
    name: z.enum(engineNames).default("trl"),
    version: z
      .string()
      .min(1)
      .optional()
      .describe("one of the versions that ft pins (`ft engines ls`); default the newest"),
    overrides: z
      .record(z.string(), z.unknown())
      .default({})
      .describe("keys of the engine's own config, checked against the pinned version"),
  }),
);

export const computeSchema = z.strictObject({
  on: z
    .union([z.string().min(1), targetSchema])
    .default("local")
    .describe(
      "where it runs: a target of ~/.config/ft/targets.yaml, a launcher that needs no settings, or a target's keys",
    ),
  device: z.enum(["auto", "cpu", "cuda", "mps"]).default("auto"),
  gpus: z.int().positive().default(1).describe("GPUs (processes, on a CPU) that train together"),
  parallel: z
    .enum(["auto", "ddp", "fsdp", "zero1", "zero2", "zero3"])
    .default("auto")
    .describe("how several GPUs share the work: ddp copies, FSDP2 and DeepSpeed ZeRO shard; auto: ddp"),
  offload: z
    .enum(["none", "optimizer", "all"])
    .default("none")
    .describe("keep optimizer states, or parameters too, in CPU memory (fsdp: all; zero2 and zero3)"),
  context_parallel: z.int().positive().default(1).describe("GPUs that share one sequence (fsdp only)"),
  budget: z
    .strictObject({
      usd: z.number().positive().optional().describe("US dollars, by the price of the hardware (data/prices.jsonl)"),
      hours: z.number().positive().optional().describe("hours, over all attempts of a run"),
      disk_gb: z
        .number()
        .positive()
        .optional()
        .describe("GB (1e9 bytes) of the run's folder, and of what is to be fetched for it"),
    })
    .optional()
    .describe("what a run may cost: refused when the estimate exceeds it, stopped with a checkpoint when the run does"),
});
