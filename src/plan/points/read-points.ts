// Measured memory peaks from a CSV file: the columns of data/memory-points.csv. Cells may be empty and columns missing, but for id and peak.
import { readFileSync } from "node:fs";
import { parse } from "csv-parse/sync";
import { z } from "zod";
import { FtError } from "../../errors.js";

const text = z.string().trim().default("");
const number = z
  .string()
  .trim()
  .default("")
  .transform((cell) => (cell === "" ? null : Number(cell)))
  .refine((value) => value === null || Number.isFinite(value), "not a number");
const size = number.refine((value) => value === null || value > 0, "not above 0");
/** Of what is not there, and of a full fine-tune: 0 says as little as nothing. */
const rank = number.transform((value) => value || null).refine((value) => value === null || value > 0, "not above 0");
const method = text.refine((cell) => /^$|full|sft|lora|dora|[48]bit/i.test(cell), "none of full, lora, qlora");
const flag = text.transform((cell) => (cell === "" ? null : /^(1|true|yes)$/i.test(cell)));

const pointSchema = z.looseObject({
  id: z.string().trim().min(1, "empty"),
  model: text,
  params_b: size,
  hidden: size,
  layers: size,
  heads: size,
  kv_heads: size,
  intermediate: size,
  vocab: size,
  method,
  lora_r: rank,
  target_modules: text,
  optimizer: text,
  weights_dtype: text,
  compute_dtype: text,
  micro_batch: size,
  seq_len: size,
  grad_checkpointing: flag,
  attention: text,
  fused_ce: flag,
  packing: flag,
  parallelism: text,
  num_gpus: size,
  offload: text,
  engine: text,
  gpu: text,
  peak_gib: size,
  peak_kind: text,
  note: text,
  core: flag,
});

/** One measured peak and the setting it was measured in, as its file has it. */
export type Point = z.output<typeof pointSchema> & {
  /** Of the file, from 1. */
  line: number;
};

/** Throws FtError plan.points-unreadable, plan.points-invalid (with line and column name). */
export function readPoints(file: string): Point[] {
  const rows = parseCsv(file);
  const points = rows.map(({ line, row }) => ({ line, parsed: pointSchema.safeParse(row) }));
  const lineOf = new Map<string, number>();
  const problems = points.flatMap(({ line, parsed }) => {
    if (!parsed.success) {
      return parsed.error.issues.map((issue) => ({
        message: `${issue.path.join(".")}: ${issue.message}`,
        where: { file, line },
      }));
    }
    const { id } = parsed.data;
    const first = lineOf.get(id);
    lineOf.set(id, first ?? line);
    return first === undefined ? [] : [{ message: `id: line ${first} has ${id} too`, where: { file, line } }];
  });
  if (problems.length > 0 || points.length === 0) {
    throw new FtError({
      code: "plan.points-invalid",
      exit: "data",
      message: points.length === 0 ? `${file} has no rows` : `${file} has rows that are no measured peaks`,
      where: { file },
      next: "give a CSV with a header: id, model, method, micro_batch, seq_len, peak_gib, peak_kind, ... (docs/plan.md)",
      problems,
    });
  }
  return points.map(({ line, parsed }) => ({ ...parsed.data!, line }));
}

/** `line`: where the row ends. */
function parseCsv(file: string): { line: number; row: Record<string, string> }[] {
  try {
    const rows: { record: Record<string, string>; info: { lines: number } }[] = parse(readFileSync(file, "utf8"), {
      ...{ columns: true, bom: true, skip_empty_lines: true, relax_column_count: true, info: true },
    });
    return rows.map(({ record, info }) => ({ line: info.lines, row: record }));
  } catch (error) {
    throw new FtError({
      code: "plan.points-unreadable",
      exit: "data",
      message: `${file} cannot be read as CSV`,
      where: { file },
      why: (error as Error).message,
      next: "name a CSV file of measured peaks; docs/plan.md has its columns",
      cause: error,
    });
  }
}
