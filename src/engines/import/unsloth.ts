// The calls of an Unsloth notebook or script as a recipe: the literal arguments of from_pretrained, get_peft_model and the trainer's config.
import { parse } from "yaml";
import { Computed, type Dialect, isMap, number, type Values } from "./dialect.js";
import { rewards, settleTraining, trainingRules, whenTrueWhy } from "./trl.js";
import { loraTargets, never } from "./words.js";

export const unsloth: Dialect = {
  name: "Unsloth",
  engine: "unsloth",
  recognises: (values) => "from_pretrained.model_name" in values,
  ignored:
    /^(from_pretrained\.(token|device_map|fast_inference|gpu_memory|max_lora_rank|class)|get_peft_model\.(random_state|bias|max_seq_length|finetune_)|training\.(report_to|dataset_|class|data_seed)|trainer\.(model|tokenizer|processing_class|train_dataset|eval_dataset|args|dataset_|data_collator|callbacks|ref_model|class|formatting_func)|train_on_responses_only\.)/,
  rules: {
    ...Object.fromEntries(Object.entries(trainingRules).map(([key, rule]) => [`training.${key}`, rule])),
    "from_pretrained.model_name": "model.base",
    "from_pretrained.max_seq_length": "data.max_length",
    "from_pretrained.dtype": null,
    "from_pretrained.load_in_4bit": null,
    "from_pretrained.load_in_8bit": whenTrueWhy("ft has no 8-bit base: lora keeps it in bf16, qlora in 4 bits"),
    "from_pretrained.full_finetuning": null,
    "get_peft_model.r": "method.rank",
    "get_peft_model.lora_alpha": "method.alpha",
    "get_peft_model.lora_dropout": "method.dropout",
    "get_peft_model.target_modules": loraTargets,
    "get_peft_model.use_rslora": "method.rslora",
    "get_peft_model.loftq_config": null,
    "get_peft_model.use_gradient_checkpointing": (value) => ({ "train.gradient_checkpointing": Boolean(value) }),
    "get_peft_model.modules_to_save": "method.modules_to_save",
    "training.fp16": null,
    "training.bf16": null,
    "training.beta": "objective.beta",
    "trainer.beta": "objective.beta",
    "training.num_generations": "objective.generations",
    "training.max_completion_length": "objective.max_completion_length",
    "training.max_prompt_length": never("ft cuts no prompts: longer rows are a finding of ft data check"),
    "trainer.max_prompt_length": never("ft cuts no prompts: longer rows are a finding of ft data check"),
    "trainer.max_length": "data.max_length",
    "trainer.max_seq_length": "data.max_length",
    "trainer.packing": "data.packing",
    "training.loss_type": null,
    "trainer.reward_funcs": rewards,
    "get_chat_template.chat_template": never(
      "ft takes the model's own chat template: set model.template where that is not meant",
    ),
  },
  settle(values) {
    const training = Object.fromEntries(
      Object.entries(values).flatMap(([key, value]) => (key.startsWith("training.") ? [[key.slice(9), value]] : [])),
    );
    const isAdapter = Object.keys(values).some((key) => key.startsWith("get_peft_model."));
    const method = values["from_pretrained.load_in_4bit"] === false ? "lora" : "qlora";
    const objective = objectiveOf(values);
    return {
      "method.type": isAdapter ? method : "full",
      "objective.type": objective,
      ...(typeof training.loss_type === "string" && ["dpo", "grpo"].includes(objective)
        ? { "objective.loss": training.loss_type }
        : {}),
      ...settleTraining(objective === "grpo" ? { ...training, ...wholeGroups(training) } : training),
    };
  },
  notes: (values) => [
    ...(values["from_pretrained.class"] === "FastVisionModel"
      ? ["it is a vision model's notebook: ft trains on text alone"]
      : []),
    ...(objectiveOf(values) === "grpo" ? ["put its reward functions into rewards.py, beside the recipe"] : []),
  ],
};

/** Unsloth raises a batch that holds no whole group of answers to one group. */
function wholeGroups({ per_device_train_batch_size, num_generations }: Values): Values {
  const [rows, answers] = [number(per_device_train_batch_size, 8), number(num_generations, 8)];
  return rows % answers === 0 ? {} : { per_device_train_batch_size: answers };
}

function objectiveOf(values: Values): string {
  return objectives[String(values["trainer.class"])] ?? objectives[String(values["training.class"])] ?? "sft";
}

/** What trains, by the class that is called. */
const objectives: Record<string, string> = {
  ...{ SFT: "sft", UnslothTraining: "sft", Training: "sft", Unsloth: "sft" },
  ...{ DPO: "dpo", ORPO: "orpo", KTO: "kto", CPO: "cpo", Reward: "reward", GRPO: "grpo" },
};

const calls: [string, RegExp][] = [
  ["from_pretrained", /\b(Fast\w*Model)\.from_pretrained\s*\(/g],
  ["get_peft_model", /\bFast\w*Model\.get_peft_model\s*\(/g],
  ["training", /\b(SFT|DPO|GRPO|KTO|ORPO|CPO|Reward)Config\s*\(/g],
  ["training", /\b(?:Unsloth)?TrainingArguments\s*\(/g],
  ["trainer", /\b(SFT|DPO|GRPO|KTO|ORPO|CPO|Reward|Unsloth)Trainer\s*\(/g],
  ["train_on_responses_only", /\btrain_on_responses_only\s*\(/g],
  ["get_chat_template", /\bget_chat_template\s*\(/g],
];

/** Keyword arguments by call and name (`training.seed`), and what was called (`trainer.class`); of a notebook, from its code cells. */
export function unslothCalls(text: string): Values {
  const source = codeOf(text);
  const found: Record<string, Values> = {};
  for (const [call, pattern] of calls) {
    for (const match of source.matchAll(pattern)) {
      if (isComment(source, match.index)) continue;
      const values: Values = match[1] ? { class: match[1] } : {};
      for (const argument of argumentsAt(source, match.index + match[0].length)) {
        const [, key, value] = /^\s*(\w+)\s*=(?!=)\s*([\s\S]+?)\s*$/.exec(argument) ?? [];
        if (key && value !== undefined) values[key] = readValue(value, source);
        else if (call === "from_pretrained") values.model_name ??= readValue(argument.trim(), source);
      }
      if (call !== "from_pretrained")
        found[call] = values; // a notebook may train twice: the last counts
      else if ("model_name" in values) found[call] ??= values; // later ones load the result
    }
  }
  return Object.fromEntries(
    Object.entries(found).flatMap(([call, values]) =>
      Object.entries(values).map(([key, value]) => [`${call}.${key}`, value]),
    ),
  );
}

/** In a comment, or in the line that imports or defines it. */
function isComment(source: string, at: number): boolean {
  const line = source.slice(source.lastIndexOf("\n", at) + 1, at);
  return /#|^\s*(class|def|from|import)\b/.test(line);
}

/** A literal, a name that is set to one, or a product of these; else as it is written. */
function readValue(text: string, source: string): unknown {
  const factors = text.split("*").map((factor) => factor.trim());
  if (factors.length > 1 && factors.every((factor) => /^[\w.]+$/.test(factor))) {
    const values = factors.map((factor) => readValue(factor, source));
    if (values.every((value) => typeof value === "number")) return values.reduce((all, each) => all * each, 1);
  }
  const isName = /^[A-Za-z_]\w*$/.test(text) && !["True", "False", "None"].includes(text);
  if (isName) {
    const set = new RegExp(`^[ \\t]*${text}[ \\t]*=(?!=)[ \\t]*([^#\\n]+)`, "m").exec(source)?.[1]?.trim();
    return set === undefined || set === text ? new Computed(text) : readValue(set, source);
  }
  const json = text
    .replace(/\bTrue\b/g, "true")
    .replace(/\bFalse\b/g, "false")
    .replace(/\bNone\b/g, "null")
    .replace(/^\(([\s\S]*)\)$/, "[$1]");
  try {
    const value: unknown = parse(json, { version: "1.1" });
    const isLiteral = typeof value !== "string" || /^(["'])[\s\S]*\1$/.test(text);
    if (isLiteral && !/[A-Za-z_]\w*\s*\(/.test(text)) return value;
  } catch {}
  return new Computed(text);
}

/** Splits a call's arguments at the commas outside of brackets and texts. */
function argumentsAt(source: string, start: number): string[] {
  const parts: string[] = [];
  let [depth, from, quote] = [0, start, ""];
  for (let at = start; at < source.length; at += 1) {
    const letter = source[at]!;
    if (quote) {
      if (letter === quote && source[at - 1] !== "\\") quote = "";
    } else if (letter === '"' || letter === "'") quote = letter;
    else if (letter === "#") at = Math.max(at, source.indexOf("\n", at) - 1);
    else if ("([{".includes(letter)) depth += 1;
    else if (letter === "," && depth === 0) {
      parts.push(source.slice(from, at));
      from = at + 1;
    } else if (")]}".includes(letter)) {
      if (depth === 0)
        return [...parts, source.slice(from, at)].map((part) =>
          part.replace(/^\s*#.*$/gm, "").replace(/#[^"'\n]*$/gm, ""),
        );
      depth -= 1;
    }
  }
  return parts;
}

function codeOf(text: string): string {
  try {
    const notebook: unknown = JSON.parse(text);
    if (!isMap(notebook) || !Array.isArray(notebook.cells)) return text;
    const cells = notebook.cells.filter(isMap).filter(({ cell_type }) => cell_type === "code");
    return cells.map(({ source }) => (Array.isArray(source) ? source.join("") : String(source))).join("\n");
  } catch {
    return text;
  }
}
