// The calls of an Unsloth notebook or script as a recipe: the literal arguments of from_pretrained, get_peft_model and the trainer's config.
import { parse } from "yaml";
import { type Dialect, isMap, type Values } from "./dialect.js";
import { settleTraining, trainingRules, whenTrueWhy } from "./trl.js";
import { loraTargets, never } from "./words.js";

export const unsloth: Dialect = {
  name: "Unsloth",
  engine: "unsloth",
  recognises: (values) => "from_pretrained.model_name" in values,
  ignored:
    /^(from_pretrained\.(token|device_map|fast_inference|gpu_memory)|get_peft_model\.(random_state|bias|max_seq_length)|training\.(report_to|dataset_num_proc))/,
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
    "training.beta": "objective.beta",
    "train_on_responses_only.instruction_part": null,
    "train_on_responses_only.response_part": null,
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
    return { "method.type": isAdapter ? method : "full", ...settleTraining(training) };
  },
};

const calls: [string, RegExp][] = [
  ["from_pretrained", /Fast\w*Model\.from_pretrained\s*\(/g],
  ["get_peft_model", /Fast\w*Model\.get_peft_model\s*\(/g],
  [
    "training",
    /\b(?:SFTConfig|DPOConfig|GRPOConfig|KTOConfig|ORPOConfig|TrainingArguments|UnslothTrainingArguments)\s*\(/g,
  ],
  ["train_on_responses_only", /\btrain_on_responses_only\s*\(/g],
  ["get_chat_template", /\bget_chat_template\s*\(/g],
];

/** Keyword arguments by call and name; of a notebook, from its code cells. What is no literal is left out. */
export function unslothCalls(text: string): Values {
  const source = codeOf(text);
  const found: Values = {};
  for (const [call, pattern] of calls) {
    for (const match of source.matchAll(pattern)) {
      for (const argument of argumentsAt(source, match.index + match[0].length)) {
        const [, key, value] = /^\s*(\w+)\s*=(?!=)\s*([\s\S]+?)\s*$/.exec(argument) ?? [];
        if (key && value !== undefined) Object.assign(found, literal(`${call}.${key}`, value, source));
      }
    }
  }
  return found;
}

/** Names that are set once at the top (max_seq_length = 2048) are looked up. */
function literal(key: string, text: string, source: string): Values {
  const named = /^[A-Za-z_]\w*$/.test(text) && !["True", "False", "None"].includes(text);
  const value = named ? new RegExp(`^${text}\\s*=\\s*([^=#\\n]+)`, "m").exec(source)?.[1]?.trim() : text;
  if (value === undefined || /[A-Za-z_]\w*\s*\(|^[A-Za-z_]\w*\.|\bif\b|\bnot\b/.test(value)) return {};
  const json = value
    .replace(/\bTrue\b/g, "true")
    .replace(/\bFalse\b/g, "false")
    .replace(/\bNone\b/g, "null");
  try {
    return { [key]: parse(json.replace(/^\((.*)\)$/s, "[$1]")) as unknown };
  } catch {
    return {};
  }
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
