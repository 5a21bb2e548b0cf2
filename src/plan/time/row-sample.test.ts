// The sample of rows: bounded, with the longest rows wherever they are, each row standing for as many as it should.
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { type DatasetSource, datasetFacts } from "../../dataset/dataset-facts.js";
import { lengthsOf, sampleRows } from "./row-sample.js";

/** A token a character. */
const count = (row: object): number[] => [(row as { text: string }).text.length];

async function sampled(texts: string[], more: { eval?: string[]; heldOutFraction?: number } = {}, counts = true) {
  const dir = mkdtempSync(join(tmpdir(), "ft-sample-"));
  const write = (file: string, rows: string[]): void =>
    writeFileSync(join(dir, file), rows.map((text) => `${JSON.stringify({ text })}\n`).join(""));
  write("train.jsonl", texts);
  if (more.eval) write("eval.jsonl", more.eval);
  const train = [{ path: "train.jsonl", format: "auto" as const, weight: 1 }];
  const source: DatasetSource = {
    dir,
    train,
    format: "auto",
    seed: 1,
    ...more,
    ...(more.eval && { eval: ["eval.jsonl"] }),
  };
  const facts = await datasetFacts(source);
  const sample = await sampleRows(source, { facts, layout: "text", count: counts ? count : null });
  return { sample: sample!, facts };
}

const short = (rows: number) => Array.from({ length: rows }, (_, row) => `row ${row % 10} of many`);

it("holds the longest row wherever it is, and each row stands for its share", async () => {
  const texts = short(21_000);
  texts[20_500] = "x".repeat(40_000);
  const { sample } = await sampled(texts);
  expect(sample.longest.train).toBe(40_000);
  expect(sample.rows).toBeLessThan(1100);
  expect(sample.examples.reduce((sum, { share }) => sum + share, 0)).toBeCloseTo(21_000);
  expect(lengthsOf(sample).mean).toBeCloseTo((20_999 * 13 + 40_000) / 21_000);
});

it("tells the longest held-out row by itself, of a file of its own and of a share", async () => {
  const own = await sampled(short(20), { eval: ["y", "z".repeat(500)] });
  expect(own.sample.longest).toEqual({ train: 13, heldOut: 500 });
  const texts = Array.from({ length: 400 }, (_, row) => "x".repeat(10 + row));
  const { sample, facts } = await sampled(texts, { heldOutFraction: 0.1 });
  expect(sample.longest).toEqual({ train: facts.train.longestChars, heldOut: facts.eval!.longestChars });
});

it("without a tokenizer counts one factor for all, and says by how much the longest may be off", async () => {
  const { sample } = await sampled([...short(5), "x".repeat(3700)], {}, false);
  expect(sample).toMatchObject({ by: "characters", longest: { train: 1000 } });
  expect(lengthsOf(sample)).toMatchObject({ longest: 1000, error: 0.25 });
});
