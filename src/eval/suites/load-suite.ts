// A suite of the recipe as it is evaluated: its settings closed, its items read, its hash known.
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { Validator } from "@cfworker/json-schema";
import type { LocateOptions } from "../../dataset/locate-files.js";
import { FtError } from "../../errors.js";
import type { GenerateSuite } from "../../recipes/built-in-suites.js";
import { canonicalJson } from "../../recipes/lock-file.js";
import type { JudgeSuite, Scorer } from "../../recipes/schema/suites.js";
import type { Metric } from "../record.js";
import { columnsOf, scorerName } from "../scorers/score.js";
import { readSuiteItems, type SuiteItem } from "./suite-items.js";

export interface LoadedSuite {
  name: string;
  type: string;
  sha256: string;
  metrics: Metric[];
  scorers: Scorer[];
  maxNewTokens: number;
  /** Who scores it, where the scorers do not. */
  judge: JudgeSuite | null;
  items: SuiteItem[];
}

/** `type`: as the recipe says it. Throws FtError data.*, eval.suite-data, eval.suite-empty, eval.schema (data). */
export async function loadSuite(
  suite: GenerateSuite | JudgeSuite,
  type: string,
  options: LocateOptions & { dir: string },
): Promise<LoadedSuite> {
  const judge = suite.type === "judge" ? suite : null;
  const scorers =
    suite.type === "judge" ? [] : suite.scorers.map((scorer) => withSchema(scorer, suite.name, options.dir));
  const columns = { fields: scorers.flatMap(columnsOf), slices: suite.slices, cluster: suite.cluster };
  const items = await readSuiteItems(suite, columns, options);
  const { name, max_new_tokens: maxNewTokens, cluster = null } = suite;
  const decisive = { scorers, maxNewTokens, cluster, ...(judge && { judge: decisiveOf(judge) }) };
  const hash = createHash("sha256").update(canonicalJson(decisive));
  for (const { item, inputSha256, cluster } of items) hash.update(canonicalJson([item, inputSha256, cluster]));
  const metrics = judge ? ["win"] : scorers.map(scorerName);
  return {
    ...{ name, type, sha256: hash.digest("hex"), scorers, maxNewTokens, judge, items },
    metrics: metrics.map((metric) => ({ name: metric, better: "higher", format: "percent", scale: [0, 1] })),
  };
}

/** What decides a verdict; not what it costs or how long it may take. */
function decisiveOf({ endpoint, model, rubric, max_tokens }: JudgeSuite): Record<string, unknown> {
  return { endpoint, model, rubric, max_tokens };
}

/** The schema in place of its file, so that the suite goes where the job goes. */
function withSchema(scorer: Scorer, suite: string, dir: string): Scorer {
  if (scorer.type !== "json_schema") return scorer;
  const file = typeof scorer.schema === "string" ? resolve(dir, scorer.schema) : null;
  try {
    const schema = file === null ? scorer.schema : JSON.parse(readFileSync(file, "utf8"));
    new Validator(schema, "2020-12", false).validate({});
    return { ...scorer, schema };
  } catch (cause) {
    throw new FtError({
      code: "eval.schema",
      exit: "data",
      message: `the JSON Schema of suite ${suite} cannot be used`,
      ...(file !== null && { where: { file } }),
      why: (cause as Error).message,
      next: "mend the schema (draft 2020-12)",
      cause,
    });
  }
}
