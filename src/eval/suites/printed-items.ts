// What a program prints as results: JSON lines, one an item, or one an item and metric.
import { createHash } from "node:crypto";
import { z } from "zod";
import { FtError } from "../../errors.js";
import type { ItemRecord, Metric } from "../record.js";

const printedSchema = z.strictObject({
  item: z.union([z.string(), z.int()]).transform(String),
  scores: z.record(z.string(), z.number().nullable()).optional(),
  metric: z.string().optional(),
  score: z.number().nullable().optional(),
  error: z.string().nullable().default(null),
  output: z.string().nullable().default(null),
  input_sha256: z.string().optional(),
  slice: z.record(z.string(), z.string()).default({}),
  cluster: z.string().nullable().default(null),
  prompt_tokens: z.int().nullable().default(null),
  output_tokens: z.int().nullable().default(null),
  latency_ms: z.number().nullable().default(null),
  cost_usd: z.number().nullable().default(null),
});

/**
 * `{item, scores: {metric: number}}` or `{item, metric, score}`, with what else is known of the item. Throws FtError eval.printed (training), naming the
 * line, for what is no such line, a score that is given twice, or nothing at all.
 */
export function readPrinted(text: string, file: string): ItemRecord[] {
  const items = new Map<string, ItemRecord>();
  for (const [index, line] of text.split("\n").entries()) {
    if (line.trim() === "") continue;
    const where = { file, line: index + 1 };
    const parsed = parseLine(line);
    if ("problem" in parsed) throw noResult(where, parsed.problem);
    const { item, scores: given, metric = "score", score } = parsed.printed;
    const scores = given ?? (score === undefined ? {} : { [metric]: score });
    if (Object.keys(scores).length === 0 && parsed.printed.error === null) throw noResult(where, "it has no score");
    const known = items.get(item) ?? emptyItem(parsed.printed);
    const twice = Object.keys(scores).find((name) => name in known.scores);
    if (twice !== undefined) throw noResult(where, `item ${item} has a score for ${twice} already`);
    items.set(item, { ...known, error: known.error ?? parsed.printed.error, scores: { ...known.scores, ...scores } });
  }
  if (items.size === 0) throw noResult({ file }, "it printed no results");
  return withSameMetrics([...items.values()], file);
}

function emptyItem(printed: z.output<typeof printedSchema>): ItemRecord {
  const { item, input_sha256, slice, cluster, output, error } = printed;
  return {
    ...{ item, inputSha256: input_sha256 ?? createHash("sha256").update(item).digest("hex"), promptSha256: null },
    ...{ slice, cluster, output, scores: {}, error, promptTokens: printed.prompt_tokens },
    ...{ outputTokens: printed.output_tokens, latencyMs: printed.latency_ms, costUsd: printed.cost_usd },
  };
}

/** Every item has every metric, but one that failed: what is left out would quietly leave the comparison. */
function withSameMetrics(items: ItemRecord[], file: string): ItemRecord[] {
  const metrics = [...new Set(items.flatMap(({ scores }) => Object.keys(scores)))];
  return items.map((item) => {
    const missing = metrics.filter((metric) => !(metric in item.scores));
    if (missing.length > 0 && item.error === null) throw noResult({ file }, `item ${item.item} has no ${missing[0]}`);
    return { ...item, scores: { ...Object.fromEntries(metrics.map((metric) => [metric, null])), ...item.scores } };
  });
}

/** Scores of 0..1 are told as percentages. */
export function metricsOf(
  items: readonly ItemRecord[],
  better: Readonly<Record<string, "higher" | "lower">>,
): Metric[] {
  return Object.keys(items[0]!.scores).map((name) => {
    const values = items.map(({ scores }) => scores[name]).filter((value) => typeof value === "number");
    const isShare = values.every((value) => value >= 0 && value <= 1);
    return {
      ...{ name, better: better[name] ?? "higher", format: isShare ? "percent" : "number" },
      ...(isShare && { scale: [0, 1] as [number, number] }),
    };
  });
}

function parseLine(line: string): { printed: z.output<typeof printedSchema> } | { problem: string } {
  try {
    const parsed = printedSchema.safeParse(JSON.parse(line));
    if (parsed.success) return { printed: parsed.data };
    const [issue] = parsed.error.issues;
    return { problem: `${issue!.path.join(".")}${issue!.path.length > 0 ? ": " : ""}${issue!.message}` };
  } catch {
    return { problem: "it is no JSON" };
  }
}

function noResult(where: { file: string; line?: number }, why: string): FtError {
  return new FtError({
    code: "eval.printed",
    exit: "training",
    message: where.line === undefined ? "the results cannot be used" : "a line is no result",
    where,
    why,
    next: 'print one JSON object a line: {"item": "1", "scores": {"correct": 1}}; anything else goes to stderr',
  });
}
