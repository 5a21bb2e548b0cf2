// What the trainer answered to a suite's items: out/suites/<name>/items.jsonl, one line an item, resumable.
import { readFileSync } from "node:fs";
import { z } from "zod";
import type { ItemRecord } from "../record.js";
import type { SuiteItem } from "./suite-items.js";

const answerSchema = z.object({
  item: z.string(),
  variant: z.enum(["base", "adapter"]),
  output: z.string(),
  promptSha256: z.string(),
  promptTokens: z.int(),
  outputTokens: z.int(),
  latencyMs: z.number(),
});
export type Answer = Omit<z.output<typeof answerSchema>, "variant">;

/** Of one variant, by item. A torn line counts as missing; without the file there are none. */
export function readAnswers(file: string, variant: "base" | "adapter"): Map<string, Answer> {
  const answers = new Map<string, Answer>();
  for (const line of readLines(file)) {
    const parsed = parseLine(line);
    if (parsed?.variant !== variant) continue;
    const { variant: _, ...answer } = parsed;
    answers.set(answer.item, answer);
  }
  return answers;
}

function readLines(file: string): string[] {
  try {
    return readFileSync(file, "utf8").split("\n").filter(Boolean);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
}

function parseLine(line: string): z.output<typeof answerSchema> | null {
  try {
    return answerSchema.safeParse(JSON.parse(line)).data ?? null;
  } catch {
    return null;
  }
}

/** An item as it was answered and scored. `answer` null: there is none. */
export function itemRecord(
  { item, inputSha256, slice, cluster }: Pick<SuiteItem, "item" | "inputSha256" | "slice" | "cluster">,
  answer: Answer | null,
  scored: Pick<ItemRecord, "scores" | "error" | "costUsd">,
): ItemRecord {
  const {
    promptSha256 = null,
    output = null,
    promptTokens = null,
    outputTokens = null,
    latencyMs = null,
  } = answer ?? {};
  return {
    ...{ item, inputSha256, promptSha256, slice, cluster, output, promptTokens, outputTokens, latencyMs },
    ...scored,
  };
}
