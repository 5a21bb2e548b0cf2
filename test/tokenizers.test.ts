// Our tokenizer against transformers' on the tokenizers of real models: the same ids and the same offsets for every text.
import { fileURLToPath } from "node:url";
import { execa } from "execa";
import { beforeAll, describe, expect, test } from "vitest";
import { loadTokenizer } from "../src/dataset/tokens/tokenizer.js";
import { realTokenizer, realTokenizers } from "./real-tokenizers.js";
import { stressTexts } from "./stress-texts.js";

const texts = stressTexts({ mixtures: 500, seed: 7 });
const folders: string[] = [];
let expected: { ids: number[]; offsets: [number, number][]; plain: number[] }[][];

beforeAll(async () => {
  for (const name of realTokenizers) folders.push(await realTokenizer(name));
  const script = fileURLToPath(new URL("../trainer/tests/tokenize_texts.py", import.meta.url));
  const { stdout } = await execa(process.env.FT_TEST_PYTHON!, [script], {
    input: JSON.stringify({ folders, texts }),
    env: { HF_HUB_OFFLINE: "1" },
  });
  expected = stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
}, 300_000);

describe("ids and offsets are transformers'", () => {
  test.each(realTokenizers.map((name, index) => [name, index] as const))(
    "%s",
    async (_, index) => {
      const tokenizer = await loadTokenizer(folders[index]!);
      const differing: unknown[] = [];
      for (const [at, text] of texts.entries()) {
        const { ids, starts, ends } = tokenizer.encodeWithOffsets(text);
        const unit = unitOfCodePoint(text);
        const theirs = expected[index]![at]!;
        const ours = { ids, starts, ends, plain: tokenizer.encodePlain(text), bare: tokenizer.encode(text) };
        const wanted = {
          ids: theirs.ids,
          starts: theirs.offsets.map(([start]) => unit[start]),
          ends: theirs.offsets.map(([, end]) => unit[end]),
          plain: theirs.plain,
          bare: theirs.ids,
        };
        if (JSON.stringify(ours) !== JSON.stringify(wanted)) differing.push({ text, ours, wanted });
      }
      expect(differing).toEqual([]);
    },
    120_000,
  );
});

/** UTF-16 unit at which each code point begins, and the length. */
function unitOfCodePoint(text: string): number[] {
  const units: number[] = [];
  let unit = 0;
  for (const character of text) {
    units.push(unit);
    unit += character.length;
  }
  return [...units, unit];
}
