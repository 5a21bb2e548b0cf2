// What a probe is given of a large file: the longest rows, and rows of all lengths.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { emptyFolder } from "../../test/project.js";
import { keepLongestLines } from "./keep-longest.js";

const lengths = Array.from({ length: 1000 }, (_, n) => ((n * 37) % 1000) + 2);

async function cut(lines: number): Promise<number[]> {
  const file = join(emptyFolder(), "train.jsonl");
  writeFileSync(file, lengths.map((length) => `"${"é\u2028"[length % 2]!.repeat(length)}"\n`).join(""));
  await keepLongestLines(file, lines);
  return readFileSync(file, "utf8")
    .split("\n")
    .slice(0, -1)
    .map((line) => JSON.parse(line).length);
}

it("keeps the longest lines and as many of all other lengths, in their order", async () => {
  const kept = await cut(50);
  expect(kept).toHaveLength(100);
  expect(kept).toEqual(lengths.filter((length) => kept.includes(length)));
  expect(kept.filter((length) => length < 200).length).toBeGreaterThan(5);
  expect(Math.max(...kept)).toBe(1001);
});

it("leaves a small file alone", async () => {
  expect(await cut(500)).toEqual(lengths);
});
