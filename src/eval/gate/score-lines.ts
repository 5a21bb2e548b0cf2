// Results that any program wrote, as sides for the gate: JSON lines {item, metric, score}, with cluster, inputSha256 or error where there is one.
import { createReadStream, statSync } from "node:fs";
import { basename, resolve } from "node:path";
import { z } from "zod";
import { RowTooLong, splitLines } from "../../dataset/sources/split-lines.js";
import { FtError, type Problem } from "../../errors.js";
import { isCostLike, isLossLike, isLowerBetter } from "./metric-names.js";
import type { Side, SuiteItem, SuiteMetric } from "./side.js";

/** Yes and no count as 1 and 0. A score of null is one that is missing. */
const lineSchema = z.strictObject({
  item: z.union([z.string().min(1), z.int()], { error: "item: a text or a whole number" }).transform(String),
  metric: z.string("metric: a text").min(1),
  score: z.custom<number | boolean | null>(
    (value) => value === null || typeof value === "number" || typeof value === "boolean",
    "score: a number, true, false or null",
  ),
  cluster: z
    .union([z.string().min(1), z.int()])
    .transform(String)
    .nullish(),
  inputSha256: z.string().min(1).nullish(),
  error: z.string().nullish(),
});

type ScoreLine = z.output<typeof lineSchema>;

export interface ScoreFile {
  file: string;
  lines: ScoreLine[];
}

/** Throws FtError gate.no-file, gate.lines (exit data): missing, unreadable, or with lines that are none of ours, or two for one score. */
export async function readScoreFile(file: string, cwd: string): Promise<ScoreFile> {
  const path = resolve(cwd, file);
  if (!statSync(path, { throwIfNoEntry: false })?.isFile()) throw noFile(file);
  const lines: ScoreLine[] = [];
  const problems: Problem[] = [];
  const seen = new Map<string, number>();
  const items = new Map<string, { line: number; cluster: string | null; inputSha256: string | null }>();
  const decoder = new TextDecoder();
  try {
    for await (const { line, bytes } of splitLines(createReadStream(path))) {
      const problem = (message: string) => problems.push({ message, where: { file, line } });
      if (problems.length >= 10) break;
      const parsed = parseLine(decoder.decode(bytes));
      if (typeof parsed === "string") {
        problem(parsed);
        continue;
      }
      const key = JSON.stringify([parsed.item, parsed.metric]);
      const before = seen.get(key);
      if (before !== undefined)
        problem(`a second score of ${parsed.item} for ${parsed.metric}; the first is in line ${before}`);
      seen.set(key, line);
      const { cluster = null, inputSha256 = null } = parsed;
      const item = items.get(parsed.item);
      if (item && (item.cluster !== cluster || item.inputSha256 !== inputSha256))
        problem(`${parsed.item} has another cluster or inputSha256 than in line ${item.line}`);
      else items.set(parsed.item, { line, cluster, inputSha256 });
      lines.push(parsed);
    }
  } catch (error) {
    if (!(error instanceof RowTooLong)) throw error;
    problems.push({ message: "the line is too long", where: { file, line: error.line } });
  }
  if (problems.length > 0) throw badLines(file, problems);
  return { file, lines };
}

/** The line, or what is wrong with it. Python writes NaN and Infinity, which JSON doesn't have: they are scores that are missing. */
function parseLine(text: string): ScoreLine | string {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    try {
      value = JSON.parse(text.replace(/("score"\s*:\s*)(?:NaN|-?Infinity)\b/g, "$1null"));
    } catch {
      return "not a JSON object";
    }
  }
  const result = lineSchema.safeParse(value);
  return result.success ? result.data : result.error.issues.map(({ message }) => message).join("; ");
}

export interface Directions {
  lower: readonly string[];
  higher: readonly string[];
}

/** Champion, candidate and anchor together, because a metric's scale shows in all scores. `heldout/loss` is loss of the suite heldout. */
export function sidesOf<Name extends string>(
  files: Record<Name, ScoreFile | null>,
  directions: Directions,
): Record<Name, Side | null> {
  const all = Object.values<ScoreFile | null>(files).flatMap((file) => file?.lines ?? []);
  const inUnit = new Map<string, boolean>();
  for (const { metric, score } of all) {
    const value = Number(score ?? 0);
    inUnit.set(metric, (inUnit.get(metric) ?? true) && value >= 0 && value <= 1);
  }
  const describe = (metric: string): SuiteMetric => ({
    name: suiteAndName(metric)[1],
    better: isLower(metric, directions) ? "lower" : "higher",
    scale: inUnit.get(metric) && !isLossLike(metric) && !isCostLike(metric) ? [0, 1] : null,
  });
  const sides = Object.entries<ScoreFile | null>(files).map(([name, file]) => [name, file && sideOf(file, describe)]);
  return Object.fromEntries(sides) as Record<Name, Side | null>;
}

function isLower(metric: string, { lower, higher }: Directions): boolean {
  return lower.includes(metric) || (!higher.includes(metric) && isLowerBetter(suiteAndName(metric)[1]));
}

function sideOf({ file, lines }: ScoreFile, describe: (metric: string) => SuiteMetric): Side {
  const suites = new Map<string, { metrics: Map<string, SuiteMetric>; items: Map<string, SuiteItem> }>();
  for (const { item, metric, score, cluster = null, inputSha256 = null, error = null } of lines) {
    const [suite, name] = suiteAndName(metric);
    const { metrics, items } = suites.get(suite) ?? { metrics: new Map(), items: new Map() };
    suites.set(suite, { metrics, items });
    if (!metrics.has(name)) metrics.set(name, describe(metric));
    const known = items.get(item) ?? { cluster, inputSha256, error: null, scores: Object.create(null) };
    const scores = Object.assign(known.scores, { [name]: score === null ? Number.NaN : Number(score) });
    items.set(item, { ...known, scores, error: known.error ?? error });
  }
  return {
    label: basename(file),
    base: null,
    templateSha256: null,
    suites: [...suites].map(([suite, { metrics, items }]) => ({
      ...{ suite, sha256: "", decoding: "", items },
      metrics: [...metrics.values()],
    })),
  };
}

function suiteAndName(metric: string): [suite: string, name: string] {
  const slash = metric.indexOf("/");
  return slash <= 0 || slash === metric.length - 1 ? ["", metric] : [metric.slice(0, slash), metric.slice(slash + 1)];
}

function noFile(file: string): FtError {
  return new FtError({
    code: "gate.no-file",
    exit: "data",
    message: `there is no file ${file}`,
    why: "a side that was named is never left out: a mistyped champion would let anything pass",
    next: "check the path; leave --champion away when there is none yet",
  });
}

function badLines(file: string, problems: Problem[]): FtError {
  return new FtError({
    code: "gate.lines",
    exit: "data",
    message: `${file} has lines that are no scores`,
    where: problems[0]!.where,
    problems,
    next: 'each line is {"item": "ticket-7", "metric": "exact_match", "score": 1}; cluster, inputSha256 and error may be there too',
  });
}
