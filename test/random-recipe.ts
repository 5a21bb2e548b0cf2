// Random valid recipes, seeded: the same numbers on every machine. Contradictory choices are avoided as a person would avoid them.
import { adapterInits } from "../src/recipes/schema/method.js";
import { objectiveNames } from "../src/recipes/schema/objective.js";
import type { ObjectiveName } from "../src/recipes/schema.js";

export type Random = () => number;
type Values = Record<string, unknown>;

/** mulberry32 (Tommy Ettinger, public domain): numbers in [0, 1). */
export function seeded(seed: number): Random {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

export function pick<T>(random: Random, list: readonly T[]): T {
  return list[Math.floor(random() * list.length)]!;
}

const anyOptimizer = ["adamw", "adafactor", "sgd", "muon"];
/** They don't know FSDP2's shards. */
const ofBitsandbytes = ["paged_adamw_8bit", "lion"];

/** As a person writes it; a GPU machine, so that every option can be used. */
export function randomRecipe(random: Random): Values {
  const maybe = (chance: number, values: Values): Values => (random() < chance ? values : {});
  const type = pick(random, objectiveNames);
  const method = pick(random, ["full", "lora", "qlora"] as const);
  const gpus = pick(random, [1, 1, 1, 2, 4]);
  const parallel = gpus > 1 ? pick(random, ["auto", "ddp", "fsdp", "zero1", "zero2", "zero3"]) : "auto";
  const shards = ["fsdp", "zero3"].includes(parallel);
  const micro = pick(random, [2, 4]);
  const generations = 4;
  const evaluates = random() < 0.4;
  return {
    name: `r${Math.floor(random() * 1e6)}`,
    model: {
      base: pick(random, ["llama3.1-8b", "qwen3-8b", "mistral-7b", "phi-4", "org/any"]),
      ...maybe(0.2, { attention: pick(random, ["sdpa", "flash_attention_2", "eager"]) }),
      ...(shards && method === "full" ? {} : maybe(0.1, { new_tokens: ["<tool>", "<|x|>"] })),
    },
    method: method === "full" ? "full" : adapter(random, method, shards),
    objective: objective(random, type, generations),
    data: {
      train: pick(random, ["rows.jsonl", ["a.jsonl", { path: "b.jsonl", weight: 0.5 }]]),
      ...maybe(0.3, { eval: "held.jsonl" }),
      ...(type === "grpo" ? {} : maybe(0.5, { max_length: pick(random, [128, 512, 4096]) })),
      ...(type === "sft" ? maybe(0.3, { packing: true }) : {}),
      ...(type === "sft" ? maybe(0.2, { too_long: pick(random, ["cut", "drop"]) }) : {}),
    },
    train: {
      ...pick<Values>(random, [{ epochs: pick(random, [1, 2.5, 3]) }, { max_steps: 50 }, {}]),
      ...maybe(0.5, { learning_rate: pick(random, [1e-6, 5e-5, 2e-4]) }),
      batch_size: micro * gpus * generations,
      micro_batch: micro,
      ...maybe(0.4, {
        optimizer: pick(random, parallel === "fsdp" ? anyOptimizer : [...anyOptimizer, ...ofBitsandbytes]),
      }),
      ...maybe(0.4, { scheduler: pick(random, ["linear", "cosine", "constant_with_warmup", "cosine_with_min_lr"]) }),
      ...maybe(0.3, { warmup_ratio: 0.05, weight_decay: 0.1, max_grad_norm: 0.5 }),
      ...maybe(0.3, { precision: pick(random, ["auto", "bf16"]), gradient_checkpointing: true }),
      ...maybe(0.1, { liger: true }),
      ...(type === "sft" ? maybe(0.2, { neftune_alpha: 5 }) : {}),
      ...(evaluates ? { eval_every: 10, save_every: 20 } : {}),
      ...(evaluates && type !== "grpo" ? maybe(0.4, { early_stopping: { patience: 2 } }) : {}),
    },
    compute: { device: "cuda", gpus, parallel },
  };
}

function adapter(random: Random, type: "lora" | "qlora", shards: boolean): Values {
  const possible =
    type === "lora" ? (["default", "gaussian", "pissa"] as const) : (["default", "gaussian", "loftq"] as const);
  const init = shards
    ? "default"
    : pick(
        random,
        adapterInits.filter((each) => (possible as readonly string[]).includes(each)),
      );
  const targets = pick(random, ["all-linear", ["q_proj", "v_proj"], { regex: ".*(q|v)_proj" }] as const);
  const isRegex = typeof targets === "object" && !Array.isArray(targets);
  return {
    type,
    init,
    rank: pick(random, [4, 16, 64]),
    target_modules: targets,
    ...(random() < 0.2 && init === "default" ? { dora: true } : {}),
    ...(random() < 0.2 ? { rslora: true, dropout: 0.1 } : {}),
    ...(random() < 0.2 && !isRegex ? { layers: [0, 3] } : {}),
    ...(random() < 0.1 ? { lora_plus_ratio: 16 } : {}),
    ...(random() < 0.1 ? { modules_to_save: ["lm_head"] } : {}),
  };
}

function objective(random: Random, type: ObjectiveName, generations: number): unknown {
  if (type === "grpo") return { type, generations, rewards: ["json_valid"], max_completion_length: 64 };
  if (type === "dpo")
    return random() < 0.5 ? type : { type, loss: pick(random, ["ipo", "hinge", "apo_zero"]), beta: 0.2 };
  return type === "kto" && random() < 0.5 ? { type, desirable_weight: 1.2 } : type;
}
