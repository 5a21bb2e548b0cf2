// A suite of the recipe as it is evaluated: its settings closed, its items read, its hash known.
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { Validator } from "@cfworker/json-schema";
import type { LocateOptions } from "../../dataset/locate-files.js";
import { FtError } from "../../errors.js";
import type { GenerateSuite } from "../../recipes/built-in-suites.js";
import { canonicalJson } from "../../recipes/lock-file.js";
import type { Scorer } from "../../recipes/schema/suites.js";
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
  items: SuiteItem[];
}

/** `type`: as the recipe says it. Throws FtError data.*, eval.suite-data, eval.suite-empty, eval.schema (data). */
export async function loadSuite(
  suite: GenerateSuite,
  type: string,
  options: LocateOptions & { dir: string },
): Promise<LoadedSuite> {
  const scorers = suite.scorers.map((scorer) => withSchema(scorer, suite.name, options.dir));
  const columns = { fields: suite.scorers.flatMap(columnsOf), slices: suite.slices, cluster: suite.cluster };
  const items = await readSuiteItems(suite, columns, options);
  const decisive = { scorers, maxNewTokens: suite.max_new_tokens, cluster: suite.cluster ?? null };
  const hash = createHash("sha256").update(canonicalJson(decisive));
  for (const { item, inputSha256, cluster } of items) hash.update(canonicalJson([item, inputSha256, cluster]));
  return {
    ...{ name: suite.name, type, sha256: hash.digest("hex"), scorers, maxNewTokens: suite.max_new_tokens, items },
    metrics: scorers.map((scorer) => ({
      ...{ name: scorerName(scorer), better: "higher", format: "percent", scale: [0, 1] },
    })),
  };
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
