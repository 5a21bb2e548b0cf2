// One evaluation on disk: one subject (the base, or an adapter version) on one suite. The folder .ft/evals/<id>/ is the truth; the store is an index of it.
import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { mkdir, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { FtError } from "../errors.js";
import { foldersIn } from "../folders-in.js";
import { ftDir } from "../paths.js";
import { canonicalJson } from "../recipes/lock-file.js";

const metricSchema = z.object({
  name: z.string(),
  better: z.enum(["higher", "lower"]),
  format: z.enum(["percent", "number"]),
  /** Least and greatest value; absent: unbounded. */
  scale: z.tuple([z.number(), z.number()]).optional(),
});
export type Metric = z.output<typeof metricSchema>;

const subjectSchema = z.object({
  /** The adapter's line; null: the base model by itself. */
  name: z.string().nullable(),
  version: z.int().nullable(),
  base: z.object({ id: z.string(), revision: z.string() }),
  /** Of the chat template's source; null: the model has none. */
  templateSha256: z.string().nullable(),
  /** Over the adapter's files; null: the base. */
  weightsSha256: z.string().nullable(),
});
export type Subject = z.output<typeof subjectSchema>;

const manifestSchema = z.object({
  schema: z.literal(1),
  id: z.string(),
  /** `sha256`: over the settings and all items, in order. */
  suite: z.object({ name: z.string(), type: z.string(), sha256: z.string(), metrics: z.array(metricSchema) }),
  subject: subjectSchema,
  /** How answers were made; null: nothing was generated. */
  decoding: z.record(z.string(), z.json()).nullable(),
  /** Whose job made it, or whose adapter it is. */
  run: z.string().nullable(),
  createdAt: z.number(),
  endedAt: z.number(),
  /** Versions: ft, the engine or program that generated, what scored. */
  tools: z.record(z.string(), z.string()),
  items: z.int().nonnegative(),
  /** Items without a score, because their scorer failed: the evaluation is not complete then. */
  errors: z.int().nonnegative().default(0),
  /** What the suite found out besides scores: a judge's bias, its cost. */
  notes: z.record(z.string(), z.json()).default({}),
});
export type EvaluationManifest = z.output<typeof manifestSchema>;

const itemSchema = z.object({
  item: z.string(),
  inputSha256: z.string(),
  /** Of the tokens that the model was given, or of the prompt as the program that asked it tells it; null: not known. */
  promptSha256: z.string().nullable(),
  slice: z.record(z.string(), z.string()),
  /** Items of one cluster are not independent of each other. */
  cluster: z.string().nullable(),
  output: z.string().nullable(),
  /** By metric; null: it does not apply to the item, or `error` says why there is none. */
  scores: z.record(z.string(), z.number().nullable()),
  error: z.string().nullable(),
  promptTokens: z.int().nullable(),
  outputTokens: z.int().nullable(),
  latencyMs: z.number().nullable(),
  costUsd: z.number().nullable(),
});
export type ItemRecord = z.output<typeof itemSchema>;

export interface EvaluationRecord {
  manifest: EvaluationManifest;
  items: ItemRecord[];
}

/** Everything but what follows from the rest: `id`, `schema` and the counts are made here. */
export type EvaluationToRecord = Omit<EvaluationManifest, "schema" | "id" | "items" | "errors">;

export function evalsDir(projectDir: string): string {
  return join(ftDir(projectDir), "evals");
}

/**
 * What decides an evaluation's result: same suite, subject, decoding and tools, same id, so that nothing is evaluated twice. Not ft's own
 * version, nor the subject's name: the same weights under another name answer alike.
 */
export function evaluationId({
  suite,
  subject,
  decoding,
  tools,
}: Pick<EvaluationToRecord, "suite" | "subject" | "decoding" | "tools">): string {
  const { ft: _, ...decisive } = tools;
  const { base, templateSha256, weightsSha256 } = subject;
  const key = canonicalJson([suite.sha256, base, templateSha256, weightsSha256, decoding, decisive]);
  return `${suite.name}-${createHash("sha256").update(key).digest("hex").slice(0, 12)}`;
}

/** Puts the whole folder in place in one step; one with the same id is replaced. */
export async function writeEvaluation(
  projectDir: string,
  known: EvaluationToRecord,
  items: ItemRecord[],
): Promise<EvaluationRecord> {
  const id = evaluationId(known);
  const errors = items.filter(({ error }) => error !== null).length;
  const manifest: EvaluationManifest = { schema: 1, id, ...known, items: items.length, errors };
  const dir = join(evalsDir(projectDir), id);
  const [draft, old] = [".new-", ".old-"].map((mark) => join(evalsDir(projectDir), `${mark}${id}-${process.pid}`));
  await rm(draft!, { recursive: true, force: true });
  await mkdir(draft!, { recursive: true });
  await writeFile(join(draft!, "items.jsonl"), items.map((item) => `${JSON.stringify(item)}\n`).join(""));
  await writeFile(join(draft!, "evaluation.json"), `${JSON.stringify(manifest, null, 2)}\n`);
  if (existsSync(dir)) await rename(dir, old!);
  await rename(draft!, dir);
  await rm(old!, { recursive: true, force: true });
  return { manifest, items };
}

/** Ids of the evaluations that are there. Those that are being written begin with a dot. */
export function evaluationFolders(projectDir: string): string[] {
  return foldersIn(evalsDir(projectDir));
}

/** Throws FtError eval.unreadable (training): the folder was changed, cut, or written by a newer ft. */
export function readEvaluationRecord(projectDir: string, id: string): EvaluationRecord {
  const dir = join(evalsDir(projectDir), id);
  const manifest = readJson(join(dir, "evaluation.json"), manifestSchema);
  const file = join(dir, "items.jsonl");
  const lines = readText(file).split("\n").filter(Boolean);
  const items = lines.map((line, index) => parseLine(line, itemSchema, { file, line: index + 1 }));
  if (items.length !== manifest.items) {
    throw unreadable({ file }, `it has ${items.length} items, and evaluation.json says ${manifest.items}`);
  }
  return { manifest, items };
}

/** A manifest that the store holds. */
export function parseManifest(text: string): EvaluationManifest {
  return manifestSchema.parse(JSON.parse(text));
}

function readJson<T>(file: string, schema: z.ZodType<T>): T {
  return parseLine(readText(file), schema, { file });
}

function readText(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (cause) {
    throw unreadable({ file }, (cause as Error).message);
  }
}

function parseLine<T>(text: string, schema: z.ZodType<T>, where: { file: string; line?: number }): T {
  try {
    return schema.parse(JSON.parse(text));
  } catch (cause) {
    throw unreadable(where, (cause as Error).message.split("\n")[0]!);
  }
}

function unreadable(where: { file: string; line?: number }, why: string): FtError {
  return new FtError({
    code: "eval.unreadable",
    exit: "training",
    message: "a stored evaluation cannot be read",
    where,
    why,
    next: "delete its folder, and make it again with `ft eval run`",
  });
}
