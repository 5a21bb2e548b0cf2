// What a tokenizer does beyond agreeing with its peer (test/tokenizers.test.ts): long words, unknown parts, readable tokens.
import { cpSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { loadTokenizer } from "./tokenizer.js";

const model = process.env.FT_TEST_MODEL as string;

/** The test model's tokenizer with other parts in tokenizer.json. */
function tokenizerWith(parts: object): string {
  const dir = mkdtempSync(join(tmpdir(), "ft-tokenizer-"));
  cpSync(join(model, "tokenizer_config.json"), join(dir, "tokenizer_config.json"));
  const original = JSON.parse(readFileSync(join(model, "tokenizer.json"), "utf8"));
  writeFileSync(join(dir, "tokenizer.json"), JSON.stringify({ ...original, ...parts }));
  return dir;
}

describe("offsets", () => {
  test("tokens inside one character have its whole range", async () => {
    const tokenizer = await loadTokenizer(model);
    const { ids, starts, ends } = tokenizer.encodeWithOffsets("a🫠b");
    expect(ids.length).toBeGreaterThan(3);
    expect(starts).toEqual([0, ...ids.slice(2).map(() => 1), 3]);
    expect(ends).toEqual([1, ...ids.slice(2).map(() => 3), 4]);
  });

  test("are unknown where a part of the tokenizer is, and the ids come from the library", async () => {
    const known = await loadTokenizer(model);
    const unknown = await loadTokenizer(tokenizerWith({ normalizer: { type: "Lowercase" } }));
    const { ids, starts, ends } = unknown.encodeWithOffsets("HELLO there");
    expect({ ids, starts, ends }).toEqual({ ids: known.encode("hello there"), starts: null, ends: null });
  });

  test("of an unknown regex are unknown too", async () => {
    const pattern = { Regex: "^\\w+|\\b" };
    const steps = [
      { type: "Split", pattern, behavior: "Isolated", invert: false },
      { type: "ByteLevel", add_prefix_space: false, trim_offsets: true, use_regex: true },
    ];
    const tokenizer = await loadTokenizer(tokenizerWith({ pre_tokenizer: { type: "Sequence", pretokenizers: steps } }));
    expect(tokenizer.encodeWithOffsets("hello").starts).toBeNull();
  });
});

test.each(["a", " ", "=", "é", "\n", "1"])(
  "a million times %j are tokens too",
  async (character) => {
    const tokenizer = await loadTokenizer(model);
    const { ids, ends } = tokenizer.encodeWithOffsets(character.repeat(1_000_000));
    expect(ends!.at(-1)).toBe(1_000_000);
    expect(
      ids
        .map((id) => tokenizer.tokenText(id))
        .join("")
        .startsWith(character),
    ).toBe(true);
  },
  600_000,
);

test("tokens read as the text they stand for; bytes that are no character by their number", async () => {
  const tokenizer = await loadTokenizer(model);
  const texts = tokenizer.encode("Café 🫠<|im_end|>\n").map((id) => tokenizer.tokenText(id));
  expect(texts.join("")).toMatch(/^Café (<0x[0-9A-F]{2}>)+<\|im_end\|>\n$/);
  expect(tokenizer.token(tokenizer.encode(" a")[0]!)).toBe("Ġa");
});
