// Reads what the evaluator of a job wrote, beside the items it was asked, and scores each answer.
import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { FtError } from "../errors.js";
import { exactMatch, jsonValid, prefersChosen } from "./scorers/held-out.js";

const variants = ["base", "adapter"] as const;
export type Variant = (typeof variants)[number];

const messages = z.array(z.object({ role: z.string(), content: z.string() }));

/**
 * One line of eval/items.jsonl: a conversation up to its last assistant turn, which is the reference; plain text; a prompt with a chosen
 * and a rejected answer; a prompt with an answer and its label (neither is needed here); or a prompt alone, for reward functions.
 */
const itemSchema = z.object({
  item: z.string(),
  file: z.string(),
  line: z.int().positive(),
  messages: messages.optional(),
  reference: z.string().optional(),
  prompt: messages.optional(),
  chosen: messages.optional(),
  rejected: messages.optional(),
});
export type EvalItem = z.output<typeof itemSchema>;

/**
 * One line of out/eval/items.jsonl. `nll`: sum over the `tokens` trained tokens, nats; null where it is not finite or no token is
 * trained; of a pair, the chosen answer's. `chosenScore`, `rejectedScore`: a reward model's. `output`: null where nothing was generated.
 * `reward`: weighted sum of the reward functions' `rewards`. `latencyMs`: an equal share of its batch's time.
 */
const number = z.number().nullish().default(null);
const resultSchema = z.object({
  item: z.string(),
  variant: z.enum(variants),
  nll: z.number().nullable(),
  tokens: z.int().nonnegative(),
  rejectedNll: number,
  rejectedTokens: z.int().nonnegative().nullish().default(null),
  chosenScore: number,
  rejectedScore: number,
  reward: number,
  rewards: z.record(z.string(), z.number().nullable()).default({}),
  output: z.string().nullable(),
  promptSha256: z.string().nullish().default(null),
  promptTokens: z.int().nonnegative().nullish().default(null),
  outputTokens: z.int().nonnegative().nullish().default(null),
  latencyMs: z.number().nonnegative().nullish().default(null),
});

/** A result with its scores; null where a metric does not apply to the example or its input is missing. */
export interface ItemScore extends z.output<typeof resultSchema> {
  exactMatch: 0 | 1 | null;
  jsonValid: 0 | 1 | null;
  preferenceAccuracy: 0 | 1 | null;
}

export interface Evaluation {
  /** In the order of eval/items.jsonl. */
  items: EvalItem[];
  /** By item; items without a (whole) result are absent. */
  scores: Record<Variant, Map<string, ItemScore>>;
  /** Every item has a result of each variant that was asked for. */
  complete: boolean;
  /** When the results were written, epoch ms. */
  createdAt: number;
}

/** An item as ft writes it into eval/items.jsonl. */
export function parseItem(line: string): EvalItem {
  return itemSchema.parse(JSON.parse(line));
}

/**
 * The evaluation in a job folder, by default of both variants; null when none was started. A torn line counts as missing, of
 * two lines for one item the later one counts (a resumed evaluator repeats). Throws FtError `eval.foreign-item` when a result
 * belongs to none of the items: then the two files are not of one evaluation.
 */
export function readEvaluation(jobDir: string, asked: readonly Variant[] = variants): Evaluation | null {
  const resultsFile = join(jobDir, "out/eval/items.jsonl");
  const itemsFile = join(jobDir, "eval/items.jsonl");
  const written = statSync(resultsFile, { throwIfNoEntry: false });
  if (!written || !statSync(itemsFile, { throwIfNoEntry: false })) return null;
  const items = readItems(itemsFile);
  const byItem = new Map(items.map((item) => [item.item, item]));
  const scores: Evaluation["scores"] = { base: new Map(), adapter: new Map() };
  for (const line of readLines(resultsFile)) {
    // Python writes NaN and Infinity, which JSON does not have.
    const result = parseLine(line, resultSchema) ?? parseLine(line.replaceAll(notFinite, "$1:null"), resultSchema);
    if (!result) continue;
    const item = byItem.get(result.item);
    if (!item) throw foreignItem(resultsFile, result.item);
    scores[result.variant].set(result.item, score(result, item));
  }
  const complete = items.every(({ item }) => asked.every((variant) => scores[variant].has(item)));
  return { items, scores, complete, createdAt: Math.round(written.mtimeMs) };
}

const notFinite = /("nll"|"rejectedNll"|"chosenScore"|"rejectedScore"):\s*(?:NaN|-?Infinity)/g;

function score(result: z.output<typeof resultSchema>, { reference, rejected }: EvalItem): ItemScore {
  const answered = reference !== undefined && result.output !== null;
  return {
    ...result,
    exactMatch: answered ? exactMatch(result.output ?? "", reference) : null,
    jsonValid: answered ? jsonValid(result.output ?? "", reference) : null,
    preferenceAccuracy: rejected ? prefersChosen(result) : null,
  };
}

/** Strict, because ft wrote it: an example that cannot be read must not quietly leave the comparison. */
function readItems(file: string): EvalItem[] {
  return readLines(file).map((line, index) => {
    const item = parseLine(line, itemSchema);
    if (!item) throw brokenItems(file, index + 1);
    return item;
  });
}

function readLines(file: string): string[] {
  return readFileSync(file, "utf8")
    .split("\n")
    .filter((line) => line !== "");
}

function parseLine<T>(line: string, schema: z.ZodType<T>): T | null {
  try {
    return schema.safeParse(JSON.parse(line)).data ?? null;
  } catch {
    return null;
  }
}

function brokenItems(file: string, line: number): FtError {
  return new FtError({
    code: "eval.broken-items",
    exit: "training",
    message: "the run's evaluation rows cannot be read",
    where: { file, line },
    why: "the file was changed or cut after ft wrote it",
    next: "train again: ft run",
  });
}

function foreignItem(file: string, item: string): FtError {
  return new FtError({
    code: "eval.foreign-item",
    exit: "training",
    message: `the evaluation has a result for example ${item}, which is not among the run's evaluation rows`,
    where: { file },
    why: "eval/items.jsonl changed after the evaluation",
    next: "delete out/eval in the run's folder and run ft eval again",
  });
}
