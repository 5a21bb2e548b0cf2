// Our tokenizer against transformers': the same ids and the same offsets for every text, with the tokenizers of real models and with variants.
import { createInterface, type Interface } from "node:readline";
import { fileURLToPath } from "node:url";
import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { loadTokenizer } from "../src/dataset/tokens/tokenizer.js";
import { realTokenizer, realTokenizers } from "./real-tokenizers.js";
import { stressTexts } from "./stress-texts.js";
import { tokenizerVariants } from "./tokenizer-variants.js";

const texts = stressTexts({ mixtures: 150, seed: 7 });
const folders = new Map<string, string>();
let answers: AsyncIterator<string>;
let lines: Interface;

beforeAll(async () => {
  for (const name of realTokenizers) folders.set(name, await realTokenizer(name));
  for (const { name, folder } of tokenizerVariants(folders.get("smollm2")!)) folders.set(name, folder);
  const script = fileURLToPath(new URL("../trainer/tests/tokenize_texts.py", import.meta.url));
  const python = execa(process.env.FT_TEST_PYTHON!, [script], {
    input: JSON.stringify({ folders: [...folders.values()], texts }),
    env: { HF_HUB_OFFLINE: "1" },
    buffer: false,
  });
  lines = createInterface({ input: python.stdout! });
  answers = lines[Symbol.asyncIterator]();
}, 900_000);

afterAll(() => lines?.close());

describe("ids and offsets are transformers'", () => {
  test("with the tokenizers of real models, and with variants of one", async () => {
    const differing: unknown[] = [];
    for (const [name, folder] of folders) {
      const tokenizer = await loadTokenizer(folder);
      const ours = texts.map((text) => {
        const { ids, starts, ends } = tokenizer.encodeWithOffsets(text);
        return { ids, starts, ends, plain: tokenizer.encodePlain(text), bare: tokenizer.encode(text) };
      });
      const theirs = JSON.parse((await answers.next()).value) as Answer[];
      for (const [at, text] of texts.entries()) {
        const wanted = inUnits(theirs[at]!, text);
        if (JSON.stringify(ours[at]) !== JSON.stringify(wanted)) differing.push({ name, text, ours: ours[at], wanted });
      }
    }
    expect(differing).toEqual([]);
  }, 900_000);
});

interface Answer {
  ids: number[];
  offsets: [number, number][];
  plain: number[];
}

function inUnits({ ids, offsets, plain }: Answer, text: string) {
  const units: number[] = [];
  let unit = 0;
  for (const character of text) {
    units.push(unit);
    unit += character.length;
  }
  units.push(unit);
  const starts = offsets.map(([start]) => units[start]);
  const ends = offsets.map(([, end]) => units[end]);
  return { ids, starts, ends, plain, bare: ids };
}
