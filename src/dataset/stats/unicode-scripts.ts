// The writing systems of a text: letters counted by Unicode script.

/** The scripts in wide use; letters of all others count as "Other". Names are Unicode's. */
const scripts = [
  ...[
    "Latin",
    "Han",
    "Hiragana",
    "Katakana",
    "Hangul",
    "Cyrillic",
    "Greek",
    "Arabic",
    "Hebrew",
    "Devanagari",
    "Bengali",
  ],
  ...["Tamil", "Telugu", "Kannada", "Malayalam", "Gujarati", "Gurmukhi", "Oriya", "Sinhala", "Thai", "Lao", "Khmer"],
  ...["Myanmar", "Tibetan", "Georgian", "Armenian", "Ethiopic", "Mongolian", "Cherokee", "Syriac", "Thaana"],
] as const;
const other = scripts.length;
const noLetter = 254;
const patterns = scripts.map((script) => new RegExp(`\\p{Script=${script}}`, "u"));

/** By UTF-16 unit; 0: not looked up yet, else the script's index + 1. Letters beyond the first plane go through `indexOf` each time. */
const known = new Uint8Array(0x1_0000);

/** Adds the letters of `text` to `counts`, by script. Digits, punctuation, symbols and marks are no letters. */
export function countScripts(text: string, counts: Map<string, number>): void {
  const found = new Uint32Array(scripts.length + 1);
  for (let at = 0; at < text.length; at += 1) {
    const unit = text.charCodeAt(at);
    let index: number;
    if (unit >= 0xd800 && unit < 0xdc00) {
      index = indexOf(String.fromCodePoint(text.codePointAt(at)!));
      at += 1;
    } else {
      if (known[unit] === 0) known[unit] = indexOf(String.fromCharCode(unit)) + 1;
      index = known[unit]! - 1;
    }
    if (index !== noLetter) found[index]! += 1;
  }
  for (let index = 0; index <= other; index += 1) {
    if (found[index] === 0) continue;
    const name = scripts[index] ?? "Other";
    counts.set(name, (counts.get(name) ?? 0) + found[index]!);
  }
}

function indexOf(letter: string): number {
  if (!/\p{L}/u.test(letter)) return noLetter;
  const index = patterns.findIndex((pattern) => pattern.test(letter));
  return index === -1 ? other : index;
}
