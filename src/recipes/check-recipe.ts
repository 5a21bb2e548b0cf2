// Rules over several keys of a valid recipe: contradictions, and options that would do nothing.
import { normalize } from "node:path";
import type { Recipe } from "./schema.js";

export interface Contradiction {
  path: string[];
  message: string;
  fix: string;
}

interface Rule {
  path: string[];
  bad(recipe: Recipe, isWritten: (path: string[]) => boolean): boolean;
  message: string;
  fix: string;
}

const loraKeys = ["rank", "alpha", "dropout", "target_modules"];

const rules: Rule[] = [
  {
    path: ["train", "micro_batch"],
    bad: ({ train }) => train.micro_batch !== undefined && train.batch_size % train.micro_batch !== 0,
    message: "train.micro_batch does not divide train.batch_size",
    fix: "choose a batch_size that is a multiple of micro_batch",
  },
  {
    path: ["train", "epochs"],
    bad: ({ train }, isWritten) => train.max_steps !== undefined && isWritten(["train", "epochs"]),
    message: "train.epochs has no effect beside train.max_steps",
    fix: "keep one of the two",
  },
  {
    path: ["data", "eval_fraction"],
    bad: ({ data }, isWritten) => data.eval !== undefined && isWritten(["data", "eval_fraction"]),
    message: "data.eval_fraction has no effect beside data.eval",
    fix: "keep one of the two",
  },
  {
    path: ["data", "eval"],
    bad: ({ data }) => data.eval !== undefined && normalize(data.eval) === normalize(data.train),
    message: "data.eval is the training file",
    fix: "name a file with rows that are not trained on, or leave data.eval out: a share of data.train is then held out",
  },
  {
    path: ["train", "warmup_ratio"],
    bad: ({ train }, isWritten) => train.scheduler === "constant" && isWritten(["train", "warmup_ratio"]),
    message: "train.warmup_ratio has no effect with scheduler constant",
    fix: "use scheduler constant_with_warmup",
  },
  {
    path: ["train", "eval_every"],
    bad: ({ train, data }) => train.eval_every !== undefined && data.eval === undefined && data.eval_fraction === 0,
    message: "train.eval_every has no effect: data.eval_fraction is 0, so no rows are held out",
    fix: "hold rows out (data.eval or data.eval_fraction), or remove it",
  },
  {
    path: ["train", "precision"],
    bad: ({ train, method, compute }) =>
      train.precision === "fp16" && method.type === "qlora" && compute.device !== "cpu",
    message:
      "train.precision cannot be fp16 with method qlora: its adapter is in bf16, which fp16's loss scaler refuses",
    fix: "use auto, bf16 or fp32",
  },
  ...loraKeys.map((key) => ({
    path: ["method", key],
    bad: ({ method }: Recipe, isWritten: (path: string[]) => boolean) =>
      method.type === "full" && isWritten(["method", key]),
    message: `method.${key} has no effect with method full`,
    fix: "remove it, or use method lora",
  })),
];

/** @param isWritten whether a person wrote the key, or ft filled it in */
export function checkRecipe(recipe: Recipe, isWritten: (path: string[]) => boolean): Contradiction[] {
  return rules.filter((rule) => rule.bad(recipe, isWritten)).map(({ path, message, fix }) => ({ path, message, fix }));
}
