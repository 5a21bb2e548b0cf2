// Configs of other tools as recipes: what they mean is kept, and what has no equivalent is told. Through `ft init --from`.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { emptyFolder } from "../../../test/project.js";
import { runFt } from "../../../test/run-ft.js";
import { loadRecipe } from "../../recipes/load.js";

async function imported(name: string, text: string, flags: string[] = []) {
  const cwd = emptyFolder();
  writeFileSync(join(cwd, name), text);
  const result = await runFt(["init", "--from", name, "--name", "n", "--json", ...flags], { cwd });
  expect(result.code, result.err).toBe(0);
  const { dialect, notEquivalent, notes } = JSON.parse(result.out);
  const lost = (notEquivalent as { key: string }[]).map(({ key }) => key);
  const written = readFileSync(join(cwd, "ft.yaml"), "utf8");
  for (const key of lost) expect(written).toContain(`#   ${key}: `);
  return { recipe: loadRecipe("ft.yaml", { cwd, env: {} }).recipe, dialect, lost, notes: notes as string[] };
}

it("reads Axolotl's YAML, and keeps its engine's own keys", async () => {
  const { recipe, dialect, lost } = await imported(
    "axolotl.yml",
    `base_model: NousResearch/Llama-3.2-1B
load_in_8bit: false
load_in_4bit: true
datasets:
  - { path: teknium/GPT4-LLM-Cleaned, type: alpaca }
val_set_size: 0.1
output_dir: ./outputs/qlora-out
adapter: qlora
lora_r: 32
lora_alpha: 16
lora_dropout: 0.05
lora_target_linear: true
sequence_len: 2048
sample_packing: true
gradient_accumulation_steps: 4
micro_batch_size: 2
num_epochs: 1
optimizer: paged_adamw_8bit
lr_scheduler: cosine
learning_rate: 0.0002
bf16: auto
tf32: false
gradient_checkpointing: true
warmup_ratio: 0.1
evals_per_epoch: 4
weight_decay: 0.0
adam_beta2: 0.95
wandb_project: mine
special_tokens: { pad_token: "<|end_of_text|>" }
`,
  );
  expect(dialect).toBe("Axolotl");
  expect(recipe).toMatchObject({
    model: { base: "NousResearch/Llama-3.2-1B" },
    method: { type: "qlora", rank: 32, alpha: 16, dropout: 0.05, target_modules: "all-linear" },
    data: { train: [{ path: "teknium/GPT4-LLM-Cleaned", format: "alpaca" }], max_length: 2048, packing: true },
    train: { batch_size: 8, micro_batch: 2, epochs: 1, optimizer: "paged_adamw_8bit", warmup_ratio: 0.1 },
    engine: { name: "axolotl", overrides: { adam_beta2: 0.95 } },
  });
  expect(lost).toEqual(["evals_per_epoch", "special_tokens"]);
});

it("reads TRL's YAML", async () => {
  const { recipe, lost } = await imported(
    "trl.yaml",
    `model_name_or_path: Qwen/Qwen2.5-0.5B
dataset_name: rows.jsonl
use_peft: true
lora_r: 8
lora_target_modules: all-linear
per_device_train_batch_size: 4
gradient_accumulation_steps: 8
learning_rate: 2.0e-5
max_steps: 100
warmup_steps: 50
packing: true
dataloader_num_workers: 4
made_up: 3
`,
  );
  expect(recipe).toMatchObject({
    method: { type: "lora", rank: 8 },
    train: { batch_size: 32, micro_batch: 4, max_steps: 100, learning_rate: 2e-5 },
    engine: { name: "trl", overrides: { dataloader_num_workers: 4 } },
  });
  expect(recipe.train.warmup_ratio).toBe(0.5);
  expect(lost).toEqual(["made_up"]);
});

it("reads LLaMA-Factory's YAML: its dpo stage with another loss is another objective", async () => {
  const { recipe, lost } = await imported(
    "llamafactory.yaml",
    `model_name_or_path: meta-llama/Meta-Llama-3-8B-Instruct
trust_remote_code: true
stage: dpo
do_train: true
finetuning_type: lora
lora_rank: 8
lora_target: q_proj,v_proj
pref_beta: 0.1
pref_loss: orpo
dataset: dpo_en_demo
template: llama3
cutoff_len: 2048
quantization_bit: 4
per_device_train_batch_size: 1
gradient_accumulation_steps: 8
learning_rate: 5.0e-6
num_train_epochs: 3.0
lr_scheduler_type: cosine
warmup_ratio: 0.1
bf16: true
`,
  );
  expect(recipe).toMatchObject({
    method: { type: "qlora", rank: 8, target_modules: ["q_proj", "v_proj"] },
    objective: { type: "orpo", beta: 0.1 },
    data: { train: [{ path: "dpo_en_demo" }], max_length: 2048 },
    train: { batch_size: 8, epochs: 3, precision: "bf16" },
  });
  expect(lost).toEqual(["trust_remote_code", "template"]);
});

it("reads Oumi's sections", async () => {
  const { recipe } = await imported(
    "oumi.yaml",
    `model:
  model_name: HuggingFaceTB/SmolLM2-135M-Instruct
  model_max_length: 2048
  torch_dtype_str: bfloat16
data:
  train:
    datasets:
      - { dataset_name: yahma/alpaca-cleaned }
training:
  trainer_type: TRL_SFT
  use_peft: true
  per_device_train_batch_size: 4
  gradient_accumulation_steps: 4
  learning_rate: 2.0e-5
  num_train_epochs: 1
  optimizer: adamw_torch_fused
peft: { q_lora: false, lora_r: 64, lora_alpha: 32, lora_target_modules: [q_proj, v_proj] }
`,
  );
  expect(recipe).toMatchObject({
    model: { base: "HuggingFaceTB/SmolLM2-135M-Instruct" },
    method: { type: "lora", rank: 64, target_modules: ["q_proj", "v_proj"] },
    data: { train: [{ path: "yahma/alpaca-cleaned" }], max_length: 2048 },
    train: { batch_size: 16, epochs: 1 },
  });
});

it("reads the calls of an Unsloth notebook", async () => {
  const code = `from unsloth import FastLanguageModel
max_seq_length = 4096 # any
model, tokenizer = FastLanguageModel.from_pretrained(
    model_name = "unsloth/Qwen3-4B", max_seq_length = max_seq_length, # a comment, with a comma
    load_in_4bit = True,
)
model = FastLanguageModel.get_peft_model(model, r = 16, target_modules = ["q_proj", "k_proj"], lora_alpha = 16,
    lora_dropout = 0, bias = "none", use_gradient_checkpointing = "unsloth", random_state = 3407)
trainer = SFTTrainer(model = model, args = SFTConfig(
    per_device_train_batch_size = 2, gradient_accumulation_steps = 4, warmup_steps = 5, max_steps = 60,
    learning_rate = 2e-4, optim = "adamw_8bit", weight_decay = 0.01, lr_scheduler_type = "linear", seed = 3407,
    fp16 = not is_bfloat16_supported(),
))
`;
  const cells = [
    { cell_type: "markdown", source: ["# hi"] },
    { cell_type: "code", source: code.split(/(?<=\n)/) },
  ];
  const { recipe, dialect, lost } = await imported("notebook.ipynb", JSON.stringify({ cells }));
  expect(dialect).toBe("Unsloth");
  expect(recipe).toMatchObject({
    model: { base: "unsloth/Qwen3-4B" },
    method: { type: "qlora", rank: 16, alpha: 16, target_modules: ["q_proj", "k_proj"] },
    data: { max_length: 4096 },
    train: {
      batch_size: 8,
      max_steps: 60,
      learning_rate: 2e-4,
      optimizer: "adamw_8bit",
      scheduler: "linear",
      seed: 3407,
    },
    engine: { name: "unsloth" },
  });
  expect(recipe.train.warmup_ratio * 60).toBeGreaterThan(4);
  expect(recipe.train.warmup_ratio * 60).toBeLessThanOrEqual(5);
  expect(lost).toEqual([]);
});

it("reads what a notebook trains with last, its reward functions by name, and tells what its code works out", async () => {
  const code = `model, tokenizer = FastLanguageModel.from_pretrained("unsloth/Qwen3-4B-Base", load_in_4bit = False)
lora_rank = 32
model = FastLanguageModel.get_peft_model(model, r = lora_rank, lora_alpha = lora_rank*2)
trainer = SFTTrainer(model = model, args = SFTConfig(learning_rate = 2e-4, num_train_epochs = 2))
training_args = GRPOConfig(learning_rate = 5e-6, per_device_train_batch_size = 1, gradient_accumulation_steps = 2,
    num_generations = 4, max_steps = 1_000, max_completion_length = max_seq_length - longest)
trainer = GRPOTrainer(model = model, reward_funcs = [check_answer, check_format], args = training_args)
model, tokenizer = FastLanguageModel.from_pretrained(model_name = "grpo_lora")
`;
  const { recipe, lost, notes } = await imported("grpo.py", code);
  expect(recipe).toMatchObject({
    model: { base: "unsloth/Qwen3-4B-Base" },
    method: { type: "lora", rank: 32, alpha: 64 },
    objective: { type: "grpo", generations: 4, rewards: ["rewards.py:check_answer", "rewards.py:check_format"] },
    train: { learning_rate: 5e-6, max_steps: 1000, batch_size: 8, micro_batch: 4 },
  });
  expect(lost).toEqual(["training.max_completion_length"]);
  expect(notes).toEqual([expect.stringContaining("rewards.py")]);
});

it("takes out what contradicts the rest, and counts rows over the GPUs", async () => {
  const config = `base_model: NousResearch/Llama-3.2-1B
datasets: [{ path: rows.jsonl, type: alpaca }]
sequence_len: 32_768
lora_r: 32
early_stopping_patience: 3
micro_batch_size: 2
gradient_accumulation_steps: 4
num_epochs: 1
max_grad_norm: 0
fsdp_config: { offload_params: true }
`;
  const { recipe, lost, notes } = await imported("fsdp.yml", config);
  expect(recipe).toMatchObject({
    method: { type: "full" },
    data: { max_length: 32_768 },
    train: { batch_size: 16, micro_batch: 2, max_grad_norm: 0 },
    compute: { parallel: "fsdp", gpus: 2 },
  });
  expect(lost.toSorted()).toEqual(["early_stopping_patience", "lora_r"]);
  expect(notes).toEqual([expect.stringContaining("--gpus")]);
  const onEight = await imported("fsdp.yml", config, ["--gpus", "8"]);
  expect(onEight.recipe).toMatchObject({ train: { batch_size: 64 }, compute: { gpus: 8 } });
  expect(onEight.notes).toEqual([]);
});

it.each([
  ["an objective", "base_model: a/b\nadapter: lora\nrl: ebft\n", /rl: "ebft"/],
  ["a method", "model_name_or_path: a/b\nstage: sft\nfinetuning_type: oft\n", /finetuning_type: "oft"/],
])("refuses %s that ft has not: a recipe without it would train something else", async (_what, text, says) => {
  const cwd = emptyFolder();
  writeFileSync(join(cwd, "x.yaml"), text);
  const { code, err } = await runFt(["init", "--from", "x.yaml"], { cwd });
  expect([code, err]).toEqual([2, expect.stringMatching(says)]);
  expect(() => readFileSync(join(cwd, "ft.yaml"))).toThrow();
});

it("refuses what it does not know, and writes nothing", async () => {
  const cwd = emptyFolder();
  writeFileSync(join(cwd, "x.yaml"), "a: 1\n");
  const result = await runFt(["init", "--from", "x.yaml"], { cwd });
  expect([result.code, result.err]).toEqual([2, expect.stringContaining("x.yaml is no config that ft knows")]);
  expect((await runFt(["init", "--from", "none.yaml"], { cwd })).code).toBe(2);
  expect(() => readFileSync(join(cwd, "ft.yaml"))).toThrow();
});
