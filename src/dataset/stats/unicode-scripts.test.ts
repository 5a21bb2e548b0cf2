// Letters by script, beyond the first plane too.
import { expect, test } from "vitest";
import { countScripts } from "./unicode-scripts.js";

const cases: { text: string; scripts: Record<string, number> }[] = [
  { text: "Grüße, 123 !?", scripts: { Latin: 5 } },
  { text: "日本語のテキスト", scripts: { Han: 3, Hiragana: 1, Katakana: 4 } },
  { text: "Привет γειά नमस्ते", scripts: { Cyrillic: 6, Greek: 4, Devanagari: 4 } },
  { text: "𠮷野家 😀", scripts: { Han: 3 } },
  { text: "𐍈", scripts: { Other: 1 } },
];

test.each(cases)("$text", ({ text, scripts }) => {
  const counts = new Map<string, number>();
  countScripts(text, counts);
  expect(Object.fromEntries(counts)).toEqual(scripts);
});
