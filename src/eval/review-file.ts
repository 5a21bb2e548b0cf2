// Failed items as candidates for a person's review, in a file of JSON lines of its own: what becomes of them is the person's to say.
import { existsSync, readFileSync } from "node:fs";
import { rename, writeFile } from "node:fs/promises";
import { z } from "zod";
import { FtError } from "../errors.js";
import type { AnsweredItem } from "./record-store.js";

/** One line. A person may add keys of their own, and they stay. */
export interface ReviewCandidate {
  /** What was asked, and what is right; null: the suite doesn't keep it. */
  messages: { role: string; content: string }[] | null;
  reference: string | null;
  output: AnsweredItem["output"];
  scores: AnsweredItem["scores"];
  from: {
    evaluation: string;
    suite: string;
    suite_sha256: string;
    item: string;
    input_sha256: string;
    /** Of the suite's data. */
    file: string | null;
    line: number | null;
    subject: string;
    base: { id: string; revision: string };
    /** The metric it failed in. */
    metric: string;
    evaluated_at: string;
  };
}

/** All that is read of what is there: the rest is the person's. */
const knownSchema = z.object({
  from: z.object({ evaluation: z.string(), suite: z.string(), input_sha256: z.string() }),
});

/**
 * Appends those whose item is not there yet, in one step; of a suite an item is there once, whoever failed on it. Returns how many. Throws FtError
 * eval.no-review-file (usage), naming the line, for a file that holds anything else: training data is never added to.
 */
export async function addToReview(file: string, candidates: readonly ReviewCandidate[]): Promise<number> {
  const text = existsSync(file) ? readFileSync(file, "utf8") : "";
  const there = new Set(
    text.split("\n").flatMap((line, index) => (line.trim() === "" ? [] : [keyOf(file, line, index)])),
  );
  const added = candidates.filter(({ from }) => !there.has(key(from)));
  if (added.length === 0) return 0;
  const before = text === "" || text.endsWith("\n") ? text : `${text}\n`;
  const draft = `${file}.new-${process.pid}`;
  await writeFile(draft, before + added.map((one) => `${JSON.stringify(one)}\n`).join(""));
  await rename(draft, file);
  return added.length;
}

function key({ suite, input_sha256 }: { suite: string; input_sha256: string }): string {
  return JSON.stringify([suite, input_sha256]);
}

function keyOf(file: string, line: string, index: number): string {
  try {
    return key(knownSchema.parse(JSON.parse(line)).from);
  } catch (cause) {
    throw new FtError({
      code: "eval.no-review-file",
      exit: "usage",
      message: "failed items are only added to a review file",
      where: { file, line: index + 1 },
      why: "this line was not written by `ft data add-failures`; failures never go into training data by themselves",
      next: "name another file with --out",
      cause,
    });
  }
}
