// recipe key `data`: the rows, where they come from, and how they become batches.
import { z } from "zod";
import { columnsSchema, rolesSchema } from "./columns.js";

export const dataFormats = [
  "auto",
  "messages",
  "alpaca",
  "sharegpt",
  "prompt-completion",
  "text",
  "preference",
  "unpaired",
  "prompt",
  "segments",
  "tokens",
  "openai-preference",
  "bedrock",
  "vertex",
] as const;

const path = z.string().min(1);
const kinds = ".jsonl, .json, .csv, .tsv, .txt, .parquet or .arrow (also .gz, .zst)";

const sourceSchema = z.strictObject({
  path: path.describe(`${kinds}, a folder, a pattern, or hf://datasets/org/name; relative to this file`),
  format: z.enum(dataFormats).optional().describe("row format of this file; default data.format"),
  columns: columnsSchema.optional(),
  roles: rolesSchema.optional(),
  weight: z
    .number()
    .positive()
    .max(100)
    .default(1)
    .describe("times each row is taken: 2 trains it twice an epoch, 0.5 takes a random half"),
});

const benchmarkSchema = z.strictObject({
  path: path.describe("relative to this file"),
  columns: z
    .array(z.string().min(1))
    .min(1)
    .optional()
    .describe("columns that are compared; default: every text of a row"),
});

export const ruleLevels = ["off", "info", "warning", "error"] as const;

export const dataSchema = z.strictObject({
  train: z
    .union([path, z.array(z.union([path, sourceSchema])).min(1)])
    .describe(
      `training rows: a file relative to this one (${kinds}), a folder, a pattern (rows/*.jsonl), a dataset of the Hub (hf://datasets/org/name), or a list of them to mix`,
    ),
  eval: z
    .union([path, z.array(path).min(1)])
    .optional()
    .describe("held-out rows, never trained on"),
  eval_fraction: z
    .number()
    .min(0)
    .max(0.5)
    .default(0.1)
    .describe("share of the rows held out when data.eval is not given"),
  format: z.enum(dataFormats).default("auto").describe("row format; auto recognises it"),
  columns: columnsSchema.optional(),
  roles: rolesSchema.optional(),
  text_rows: z
    .enum(["lines", "paragraphs", "file"])
    .default("lines")
    .describe("what a row of a .txt file is: a line, a paragraph (blank lines between), or the whole file"),
  max_length: z
    .int()
    .min(8)
    .optional()
    .describe("tokens a row may have; longer rows are cut; default by the rows' own lengths"),
  too_long: z
    .enum(["cut", "drop"])
    .optional()
    .describe("rows longer than max_length: cut them (default), or leave them out"),
  train_on: z
    .enum(["assistant", "all"])
    .default("assistant")
    .describe("tokens that carry loss: the assistant's turns, or every token"),
  packing: z
    .boolean()
    .default(false)
    .describe("several rows in one sequence of max_length: faster with short rows (sft only)"),
  rules: z
    .record(
      z
        .string()
        .regex(/^[A-Z]+(?:\*|\d{1,3}\*?)$/, "not the id of a rule, such as DUP001, or of a family, such as QUAL*"),
      z.enum(ruleLevels),
    )
    .optional()
    .describe("severity of data rules, {DUP001: error, QUAL*: off}; `ft data explain` lists them"),
  contamination: z
    .array(z.union([path, benchmarkSchema]))
    .min(1)
    .optional()
    .describe("files with the items of benchmarks, which the training rows must not hold"),
  contamination_ngram: z
    .int()
    .min(5)
    .max(50)
    .optional()
    .describe("words in a row that count as the same; default 13, as for GPT-3"),
  contamination_share: z
    .number()
    .min(0)
    .max(1)
    .optional()
    .describe("share of an item's runs of words that a row must hold; default 0: one run is enough"),
});
