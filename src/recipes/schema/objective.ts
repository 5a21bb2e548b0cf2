// recipe key `objective`: what the training minimises. Each kind has its own keys; what the kinds share with their papers is named as there.
import { z } from "zod";

const dpoLosses = [
  "sigmoid",
  "hinge",
  "ipo",
  "robust",
  "exo_pair",
  "nca_pair",
  "bco_pair",
  "sppo_hard",
  "aot",
  "apo_zero",
  "apo_down",
] as const;
const grpoLosses = ["grpo", "bnpo", "dr_grpo", "dapo"] as const;

const beta = (value: number, what: string) => z.number().min(0).default(value).describe(what);
const labelSmoothing = z
  .number()
  .min(0)
  .lt(0.5)
  .default(0)
  .describe("share of the pairs taken to be labelled the wrong way round");

const kinds = [
  z.strictObject({ type: z.literal("sft").describe("next-token loss on the answers") }),
  z.strictObject({
    type: z.literal("dpo").describe("preference pairs against a frozen reference"),
    beta: beta(0.1, "how closely the model is held to its reference"),
    loss: z.enum(dpoLosses).default("sigmoid"),
    label_smoothing: labelSmoothing,
  }),
  z.strictObject({
    type: z.literal("orpo").describe("preference pairs without a reference: SFT plus an odds ratio"),
    beta: beta(0.1, "weight of the odds-ratio term (lambda in the paper)"),
  }),
  z.strictObject({
    type: z.literal("kto").describe("single answers labelled good or bad"),
    beta: beta(0.1, "how closely the model is held to its reference"),
    desirable_weight: z.number().positive().default(1).describe("weight of the good answers' loss"),
    undesirable_weight: z.number().positive().default(1).describe("weight of the bad answers' loss"),
  }),
  z.strictObject({
    type: z.literal("simpo").describe("preference pairs without a reference, rewarded by mean log-probability"),
    beta: beta(2, "scale of the reward"),
    gamma: z.number().min(0).default(1).describe("margin by which the chosen answer should win"),
    sft_weight: z
      .number()
      .min(0)
      .default(0)
      .describe("weight of an added SFT loss (cpo_alpha): above 0 it is CPO-SimPO"),
  }),
  z.strictObject({
    type: z.literal("cpo").describe("preference pairs without a reference, with an SFT term"),
    beta: beta(0.1, "scale of the contrast"),
    loss: z.enum(["sigmoid", "hinge", "ipo"]).default("sigmoid"),
    label_smoothing: labelSmoothing,
    sft_weight: z.number().min(0).default(1).describe("weight of the SFT loss (cpo_alpha)"),
  }),
  z.strictObject({
    type: z.literal("reward").describe("a model with one score, from preference pairs (Bradley-Terry)"),
    center_rewards: z
      .number()
      .min(0)
      .optional()
      .describe("weight of a term that keeps the mean score at 0; 0.01 is usual"),
  }),
  z.strictObject({
    type: z.literal("grpo").describe("reinforcement learning from reward functions, relative to a group of answers"),
    rewards: z
      .array(z.string().regex(/^[^\s:]+(\.py:[A-Za-z_]\w*)?$/, "a name, or file.py:function"))
      .min(1)
      .describe("reward functions: a built-in name (exact_match, json_valid, think_format) or file.py:function"),
    reward_weights: z.array(z.number()).min(1).optional().describe("one weight a reward; default 1 each"),
    generations: z.int().min(2).default(8).describe("answers sampled per prompt"),
    max_completion_length: z.int().positive().default(256).describe("longest answer sampled, tokens"),
    temperature: z.number().positive().default(1),
    beta: beta(0, "weight of the KL term to the reference; 0: none, and no reference in memory"),
    loss: z.enum(grpoLosses).default("dapo"),
    vllm: z.boolean().default(false).describe("sample with vLLM on the training GPU (must be installed there)"),
  }),
] as const;

export const objectiveNames = [
  "sft",
  "dpo",
  "orpo",
  "kto",
  "simpo",
  "cpo",
  "reward",
  "grpo",
] as const satisfies readonly (typeof kinds)[number]["shape"]["type"]["value"][];

/** `objective: dpo` is short for `objective: { type: dpo }`. */
export const objectiveSchema = z.preprocess(
  (value) => (typeof value === "string" ? { type: value } : value),
  z.discriminatedUnion("type", kinds),
);
