// Fills the keys that a recipe leaves open, by method, objective, model size and the data's own size; each choice says why and where that comes from.
import { givenMicroBatch } from "./batch.js";
import { engineVersions } from "./schema/compute.js";
import type { evalMetrics } from "./schema/evaluation.js";
import type { DataSource, Objective, ObjectiveName, Recipe, WrittenRecipe } from "./schema.js";

/** What choices depend on besides the recipe; null where not (yet) known. */
export interface ChoiceFacts {
  /** Billions of parameters of the base. */
  paramsB: number | null;
  /** Context of the base, tokens. */
  maxContext: number | null;
  /** Training rows. */
  rows: number | null;
  /** Where `compute.device: auto` leads to. */
  device: "cpu" | "cuda" | "mps" | null;
  /** Characters of the longest training row, its roles' markup not counted. */
  longestChars: number | null;
}

export const nothingKnown: ChoiceFacts = {
  paramsB: null,
  maxContext: null,
  device: null,
  rows: null,
  longestChars: null,
};

export interface Choice {
  /** Dotted: train.learning_rate. */
  key: string;
  value: unknown;
  reason: string;
  /** Publication behind it; null where it follows from arithmetic. */
  source: string | null;
}

type Chosen<T> = { value: T; reason: string; source: string | null };

const sources = {
  qlora: "Dettmers et al. 2023, QLoRA, arXiv 2305.14314, section 5 and table 9",
  regret: "Schulman et al. 2025, LoRA Without Regret, Thinking Machines Lab",
  zephyr: "Tunstall et al. 2023, Zephyr, arXiv 2310.16944, section 4 (and its LoRA recipe in the alignment handbook)",
  tulu: "Lambert et al. 2024, Tulu 3, arXiv 2411.15124, tables of SFT and DPO hyperparameters",
  alpaca: "Taori et al. 2023, Stanford Alpaca, training recipe",
  orpo: "Hong et al. 2024, ORPO, arXiv 2403.07691, section 5",
  kto: "Ethayarajh et al. 2024, KTO, arXiv 2402.01306, section 4",
  simpo: "Meng et al. 2024, SimPO, arXiv 2405.14734, appendix on hyperparameters",
  cpo: "Xu et al. 2024, CPO, arXiv 2401.08417, section 4",
  instruct: "Ouyang et al. 2022, InstructGPT, arXiv 2203.02155, appendix C (reward models)",
  grpo: "Shao et al. 2024, DeepSeekMath, arXiv 2402.03300, section 4.2",
} as const;

/** Peak learning rate for all weights and one epoch's habit, by objective, as the publications have it. */
const published: Record<
  ObjectiveName,
  { full: number; epochs: number; warmup: number; batch: number; source: string }
> = {
  sft: { full: 2e-5, epochs: 3, warmup: 0.03, batch: 16, source: sources.qlora },
  dpo: { full: 5e-7, epochs: 1, warmup: 0.1, batch: 32, source: sources.zephyr },
  orpo: { full: 5e-6, epochs: 1, warmup: 0.1, batch: 32, source: sources.orpo },
  kto: { full: 5e-7, epochs: 1, warmup: 0.1, batch: 32, source: sources.kto },
  simpo: { full: 1e-6, epochs: 1, warmup: 0.1, batch: 32, source: sources.simpo },
  cpo: { full: 1e-6, epochs: 1, warmup: 0.1, batch: 32, source: sources.cpo },
  reward: { full: 1e-5, epochs: 1, warmup: 0.03, batch: 32, source: sources.instruct },
  grpo: { full: 1e-6, epochs: 1, warmup: 0.03, batch: 32, source: sources.grpo },
};

/** Returns the closed recipe, and every choice that was open, in the recipe's order. Pure. */
export function fillDefaults(written: WrittenRecipe, facts: ChoiceFacts): { recipe: Recipe; choices: Choice[] } {
  const wanted = wantedChoices(written, facts);
  const choices: Choice[] = [];
  const settle = <T>(key: keyof typeof wanted, given: T | undefined, chosen: Chosen<T>): T => {
    if (given !== undefined) return given;
    choices.push({ key, ...chosen });
    return chosen.value;
  };
  const { method, data, train, engine, eval: suite } = written;
  const recipe: Recipe = {
    ...written,
    method: {
      ...method,
      rank: settle("method.rank", method.rank, wanted["method.rank"]),
      alpha: settle("method.alpha", method.alpha, wanted["method.alpha"]),
      target_modules: settle("method.target_modules", method.target_modules, wanted["method.target_modules"]),
    },
    data: {
      ...withoutEval(data),
      train: sourcesOf(data),
      ...(data.eval === undefined ? {} : { eval: typeof data.eval === "string" ? [data.eval] : data.eval }),
      max_length: settle("data.max_length", data.max_length, wanted["data.max_length"]),
    },
    train: {
      ...train,
      epochs: settle("train.epochs", train.epochs, wanted["train.epochs"]),
      learning_rate: settle("train.learning_rate", train.learning_rate, wanted["train.learning_rate"]),
      batch_size: settle("train.batch_size", train.batch_size, wanted["train.batch_size"]),
      warmup_ratio: settle("train.warmup_ratio", train.warmup_ratio, wanted["train.warmup_ratio"]),
    },
    engine: { ...engine, version: settle("engine.version", engine.version, wanted["engine.version"]) },
    eval: { ...suite, metrics: settle("eval.metrics", suite.metrics, wanted["eval.metrics"]) },
  };
  return { recipe, choices: choices.filter((choice) => !isIdle(choice.key, written)) };
}

/** What ft would choose for every such key, also where the recipe says it. */
export function wantedChoices(written: WrittenRecipe, facts: ChoiceFacts) {
  return {
    "method.rank": rank(written, facts),
    "method.alpha": {
      value: 32,
      reason: "with alpha fixed at 32 the best learning rate hardly depends on the rank",
      source: sources.regret,
    },
    "method.target_modules": {
      value: "all-linear" as const,
      reason: "an adapter on every linear layer comes close to full fine-tuning; on attention alone it does not",
      source: `${sources.regret}; ${sources.qlora}`,
    },
    "data.max_length": maxLength(facts),
    "train.epochs": epochs(written.objective, facts),
    "train.learning_rate": learningRate(written, facts),
    "train.batch_size": batchSize(written, facts),
    "train.warmup_ratio": warmup(written),
    "engine.version": {
      value: engineVersions[written.engine.name][0] as string,
      reason: "the newest version that ft pins",
      source: null,
    },
    "eval.metrics": metrics(written.objective),
  };
}

function rank({ objective }: WrittenRecipe, { rows }: ChoiceFacts): Chosen<number> {
  if (objective.type === "sft" && rows !== null && rows > 50_000)
    return { value: 64, reason: `${rows} rows hold more than a small adapter takes up`, source: sources.regret };
  if (objective.type === "sft" && rows !== null && rows > 10_000)
    return { value: 32, reason: `${rows} rows: room for more than the usual 16`, source: sources.regret };
  return {
    value: 16,
    reason: "enough for small and middling data, and for preferences and rewards",
    source: sources.regret,
  };
}

/** Powers of two up to this; beyond it a person should decide. */
const longestByItself = 8192;
/** Characters a token stands for, at the cautious end (English has about 4), and tokens of markup a row adds. */
const [charsPerToken, markup] = [3, 64];

function maxLength({ longestChars, maxContext }: ChoiceFacts): Chosen<number> {
  const limit = Math.min(longestByItself, maxContext ?? longestByItself);
  if (longestChars === null) return { value: Math.min(1024, limit), reason: "the data was not read", source: null };
  const tokens = Math.ceil(longestChars / charsPerToken) + markup;
  let value = 256;
  while (value < tokens) value *= 2;
  if (value <= limit)
    return { value, reason: `the longest row has about ${tokens} tokens at most; nothing is cut`, source: null };
  const why = limit === maxContext ? "the model's context" : "as far as ft goes by itself: longer ones cost memory";
  return { value: limit, reason: `the longest row may have ${tokens} tokens; ${limit} is ${why}`, source: null };
}

function epochs({ type }: Objective, { rows }: ChoiceFacts): Chosen<number> {
  if (type !== "sft") {
    const reason = "preferences and rewards are learnt in one pass; more overfits";
    return { value: 1, reason, source: `${published[type].source}; ${sources.tulu}` };
  }
  if (rows === null) return { value: 1, reason: "the data was not read", source: null };
  if (rows < 10_000)
    return { value: 3, reason: `${rows} rows: few enough to be seen three times`, source: sources.alpaca };
  if (rows < 100_000) return { value: 2, reason: `${rows} rows are seen twice`, source: sources.tulu };
  return { value: 1, reason: `${rows} rows: one pass is enough`, source: sources.qlora };
}

function learningRate({ method, objective }: WrittenRecipe, { paramsB }: ChoiceFacts): Chosen<number> {
  const { full, source } = published[objective.type];
  const isLarge = paramsB !== null && paramsB > 13;
  const size = paramsB === null ? "a base of unknown size" : `${paramsB} B parameters`;
  const value = round(full * (method.type === "full" ? 1 : 10) * (isLarge ? 0.5 : 1));
  const halved = isLarge ? `, halved above 13 B (${size})` : "";
  if (method.type === "full") return { value, reason: `usual for ${objective.type} of all weights${halved}`, source };
  return {
    value,
    reason: `ten times the rate for all weights (${full})${halved}: adapters want about tenfold`,
    source: `${source}; ${sources.regret}`,
  };
}

function batchSize({ objective, train, compute }: WrittenRecipe, { rows }: ChoiceFacts): Chosen<number> {
  const step = lcm(
    (givenMicroBatch(train) ?? 1) * Math.max(1, compute.gpus / compute.context_parallel),
    objective.type === "grpo" ? objective.generations : 1,
  );
  const usual = published[objective.type].batch;
  const target = rows !== null && rows < 20 * usual ? usual / 2 : usual;
  const value = Math.max(step, Math.ceil(target / step) * step);
  const few = target < usual ? `, halved for ${rows} rows so that an epoch has enough steps` : "";
  const fits = value === target ? "" : `; ${value} so that it divides over micro batches, GPUs and generations`;
  return {
    value,
    reason: `adapters learn best from small batches; ${usual} is usual for ${objective.type}${few}${fits}`,
    source: `${published[objective.type].source}; ${sources.regret}`,
  };
}

/** Engines round warm-up steps up, and the first of them has learning rate 0. */
function warmup({ objective: { type }, train }: WrittenRecipe): Chosen<number> {
  if (train.max_steps === 1) return { value: 0, reason: "a single step leaves no room for it", source: null };
  return { value: published[type].warmup, reason: `usual for ${type}`, source: published[type].source };
}

type Metric = (typeof evalMetrics)[number];

function metrics({ type }: Objective): Chosen<Metric[]> {
  if (type === "sft")
    return { value: ["loss", "exact_match", "json_valid"], reason: "what answers can be compared by", source: null };
  if (type === "grpo") return { value: ["reward"], reason: "what is trained for", source: null };
  if (type === "kto") return { value: ["loss"], reason: "loss on the good answers", source: null };
  if (type === "reward")
    return { value: ["preference_accuracy"], reason: "pairs whose chosen answer scores higher", source: null };
  return {
    value: ["preference_accuracy", "loss"],
    reason: "pairs whose chosen answer is likelier, and its loss",
    source: null,
  };
}

/** Not used by this recipe, so not worth telling. */
function isIdle(key: string, { method, objective, train }: WrittenRecipe): boolean {
  if (method.type === "full" && key.startsWith("method.")) return true;
  if (key === "train.warmup_ratio") return train.scheduler === "constant";
  if (key === "train.epochs") return train.max_steps !== undefined;
  return key === "data.max_length" && objective.type === "grpo";
}

/** What a source does not say of itself, `data` says. */
function sourcesOf({ train, format, ...data }: WrittenRecipe["data"]): DataSource[] {
  const list = typeof train === "string" ? [train] : train;
  return list.map((each) => {
    const source =
      typeof each === "string" ? { path: each, format, weight: 1, columns: undefined, roles: undefined } : each;
    const { columns = data.columns, roles = data.roles } = source;
    const names = { ...(columns && { columns }), ...(roles && { roles }) };
    return { path: source.path, format: source.format ?? format, weight: source.weight, ...names };
  });
}

function withoutEval({ eval: _, ...data }: WrittenRecipe["data"]) {
  return data;
}

function lcm(a: number, b: number): number {
  let [x, y] = [a, b];
  while (y > 0) [x, y] = [y, x % y];
  return (a / x) * b;
}

/** 1e-5 * 10 is not 1e-4 in floating point. */
function round(value: number): number {
  return Number(value.toPrecision(6));
}
