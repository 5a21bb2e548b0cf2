// Scores the answers of one subject to a suite's items: a record for each item, also where a scorer fails.
import { Validator } from "@cfworker/json-schema";
import type { Scorer } from "../../recipes/schema/suites.js";
import type { ItemRecord } from "../record.js";
import { findSandbox } from "../scorers/code.js";
import { createMatcher } from "../scorers/regex.js";
import { type ScoringTools, scoreAnswer, scorerName } from "../scorers/score.js";
import { type Answer, itemRecord } from "./answers.js";
import type { LoadedSuite } from "./load-suite.js";
import type { SuiteItem } from "./suite-items.js";

/** A scorer that fails on an item leaves its message there. Throws FtError eval.no-sandbox (environment). */
export async function scoreSuite(
  { scorers, items }: Pick<LoadedSuite, "scorers" | "items">,
  answers: ReadonlyMap<string, Answer>,
  { signal }: { signal?: AbortSignal | undefined } = {},
): Promise<ItemRecord[]> {
  const sandbox = await sandboxFor(scorers);
  const tools: ScoringTools = { schemas: schemasOf(scorers), sandbox, matches: createMatcher(), signal };
  const records: ItemRecord[] = [];
  for (const item of items) records.push(await scoreItem(item, answers.get(item.item) ?? null, { scorers, tools }));
  return records;
}

async function scoreItem(
  item: SuiteItem,
  answer: Answer | null,
  { scorers, tools }: { scorers: Scorer[]; tools: ScoringTools },
): Promise<ItemRecord> {
  const scores: ItemRecord["scores"] = {};
  let error = answer === null ? "no answer was generated" : null;
  for (const scorer of scorers) {
    const name = scorerName(scorer);
    scores[name] = null;
    if (answer === null) continue;
    try {
      scores[name] = await scoreAnswer(scorer, answer.output, item, tools);
    } catch (cause) {
      tools.signal?.throwIfAborted();
      error ??= `${name}: ${(cause as Error).message.split("\n")[0]}`;
    }
  }
  return itemRecord(item, answer, { scores, error, costUsd: null });
}

function schemasOf(scorers: Scorer[]): Map<string, Validator> {
  return new Map(
    scorers.flatMap((scorer) =>
      scorer.type === "json_schema" && typeof scorer.schema === "object"
        ? [[scorerName(scorer), new Validator(scorer.schema, "2020-12", true)]]
        : [],
    ),
  );
}

async function sandboxFor(scorers: Scorer[]): Promise<ScoringTools["sandbox"]> {
  const code = scorers.find((scorer) => scorer.type === "code");
  return code ? findSandbox(code) : null;
}
