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
const flag = text.transform((cell) => (cell === "" ? null : /^(1|true|yes)$/i.test(cell)));

const pointSchema = z.looseObject({
  id: z.string().trim().min(1, "empty"),
  model: text,
  params_b: number,
  hidden: number,
  layers: number,
  heads: number,
  kv_heads: number,
  intermediate: number,
  vocab: number,
  method: text,
  lora_r: number,
  target_modules: text,
  optimizer: text,
  weights_dtype: text,
  compute_dtype: text,
  micro_batch: number,
  seq_len: number,
  grad_checkpointing: flag,
  attention: text,
  fused_ce: flag,
  packing: flag,
  parallelism: text,
  num_gpus: number,
  offload: text,
  engine: text,
  gpu: text,
  peak_gib: number,
  peak_kind: text,
  note: text,
  core: flag,
});

/** One measured peak and the setting it was measured in, as its file has it. */
export type Point = z.output<typeof pointSchema>;

/** Throws FtError plan.points-unreadable, plan.points-invalid (with line and column name). */
export function readPoints(file: string): Point[] {
  const rows = parseCsv(file);
  const points = rows.map((row, index) => ({ line: index + 2, parsed: pointSchema.safeParse(row) }));
  const problems = points.flatMap(({ line, parsed }) =>
    parsed.success
      ? []
      : parsed.error.issues.map((issue) => ({
          message: `${issue.path.join(".")}: ${issue.message}`,
          where: { file, line },
        })),
  );
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
  return points.map(({ parsed }) => parsed.data as Point);
}

function parseCsv(file: string): Record<string, string>[] {
  try {
    return parse(readFileSync(file, "utf8"), {
      columns: true,
      bom: true,
      skip_empty_lines: true,
      relax_column_count: true,
    });
  } catch (error) {
    throw new FtError({
      code: "plan.points-unreadable",
      exit: "data",
      message: `${file} cannot be read as CSV`,
      where: { file },
      why: (error as Error).message,
      cause: error,
    });
  }
}
