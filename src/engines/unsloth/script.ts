// config/train_unsloth.py: a script that a person can read, run by hand, and change; ft runs it with its callback and resumes it.
import type { Recipe } from "../../recipes/schema.js";
import type { DataLayout } from "../contract.js";
import { rewardFunctions } from "../rewards.js";
import { pythonLiteral } from "./python.js";
import type { Settings } from "./settings.js";

type Kind = "sft" | "dpo" | "kto" | "orpo" | "grpo";

const trainers: Record<Kind, { config: string; trainer: string; from: string }> = {
  sft: { config: "SFTConfig", trainer: "SFTTrainer", from: "trl" },
  dpo: { config: "DPOConfig", trainer: "DPOTrainer", from: "trl" },
  kto: { config: "KTOConfig", trainer: "KTOTrainer", from: "trl" },
  orpo: { config: "ORPOConfig", trainer: "ORPOTrainer", from: "trl.experimental.orpo" },
  grpo: { config: "GRPOConfig", trainer: "GRPOTrainer", from: "trl" },
};

export interface ScriptInput {
  recipe: Recipe;
  settings: Settings;
  layout: DataLayout;
  /** A template that is not the model's own. */
  templateFile: string | null;
  /** Losses on the held-out rows during training. */
  evaluates: boolean;
  /** Rows have tools, calls or reasoning: JSON text, read back before it is templated. */
  readsJson: boolean;
}

export function unslothScript(input: ScriptInput): string {
  const { recipe, settings, templateFile, evaluates } = input;
  const { config, trainer } = classesOf(recipe);
  const rewards = recipe.objective.type === "grpo" ? rewardFunctions(recipe.objective) : [];
  const files = evaluates ? { train: "data/train.jsonl", test: "data/test.jsonl" } : { train: "data/train.jsonl" };
  const lines = [
    `"""Unsloth ${recipe.engine.version}, made by ft: ${recipe.objective.type}, ${recipe.method.type}. In the job folder: PYTHONPATH=trainer python config/train_unsloth.py"""`,
    "",
    ...imports(input, rewards),
    "",
    `MODEL = ${pythonLiteral(settings.model)}`,
    "",
    ...(settings.adapter ? [`ADAPTER = ${pythonLiteral(settings.adapter)}`, ""] : []),
    `TRAINING = ${pythonLiteral(settings.training)}`,
    "",
    ...(recipe.model.new_tokens ? [`NEW_TOKENS = ${pythonLiteral(recipe.model.new_tokens)}`, ""] : []),
    "",
    "def make_trainer(callbacks=()):",
    '    """The trainer, with model and rows, before its first step."""',
    ...(input.readsJson ? ["    exact_chat.install()"] : []),
    "    model, tokenizer = FastLanguageModel.from_pretrained(**MODEL)",
    ...(templateFile
      ? [
          `    with open(${pythonLiteral(templateFile)}, encoding="utf-8") as file:`,
          "        tokenizer.chat_template = file.read()",
        ]
      : []),
    ...(recipe.model.new_tokens ? ["    add_new_tokens(model, tokenizer, new_tokens=NEW_TOKENS)"] : []),
    ...(settings.adapter ? ["    model = FastLanguageModel.get_peft_model(model, **ADAPTER)"] : []),
    `    rows = load_dataset("json", data_files=${pythonLiteral(files, "    ")})`,
    `    return ${trainer}(`,
    "        model=model,",
    ...(recipe.objective.type === "dpo" ? ["        ref_model=None,  # the base without its adapter"] : []),
    ...(rewards.length > 0 ? [`        reward_funcs=[${rewards.map(shortName).join(", ")}],`] : []),
    "        processing_class=tokenizer,",
    '        train_dataset=rows["train"],',
    `        eval_dataset=${evaluates ? 'rows["test"]' : "None"},`,
    `        args=${config}(**TRAINING),`,
    `        callbacks=${callbacks(recipe, evaluates)},`,
    "    )",
    "",
    "",
    'if __name__ == "__main__":',
    "    trainer = make_trainer()",
    "    trainer.train()",
    '    trainer.save_model("out/adapter")',
  ];
  return `${lines.join("\n")}\n`;
}

/** LoRA+ is an argument of Unsloth's own trainer. */
function classesOf({ objective, method }: Recipe): { config: string; trainer: string; from: string } {
  if (method.lora_plus_ratio !== undefined)
    return { config: "UnslothTrainingArguments", trainer: "UnslothTrainer", from: "unsloth" };
  return trainers[objective.type as Kind];
}

function imports({ recipe, evaluates, readsJson }: ScriptInput, rewards: string[]): string[] {
  const { config, trainer, from } = classesOf(recipe);
  const ofUnsloth = [
    "FastLanguageModel",
    ...(recipe.model.new_tokens ? ["add_new_tokens"] : []),
    ...(from === "unsloth" ? [trainer, config] : []),
  ];
  const stopping = recipe.train.early_stopping && evaluates;
  return [
    `from unsloth import ${ofUnsloth.join(", ")}  # first: it changes what is imported after it`,
    "",
    "import torch",
    "from datasets import load_dataset",
    ...(stopping ? ["from transformers import EarlyStoppingCallback"] : []),
    ...(from === "unsloth" ? [] : [`from ${from} import ${config}, ${trainer}`]),
    ...(readsJson ? ["", "from ft_trainer import exact_chat"] : []),
    ...rewards.map((path) => `from ${path.slice(0, path.lastIndexOf("."))} import ${shortName(path)}`),
  ];
}

function callbacks({ train }: Recipe, evaluates: boolean): string {
  if (!train.early_stopping || !evaluates) return "list(callbacks)";
  return `[*callbacks, EarlyStoppingCallback(${train.early_stopping.patience})]`;
}

function shortName(path: string): string {
  return path.slice(path.lastIndexOf(".") + 1);
}
