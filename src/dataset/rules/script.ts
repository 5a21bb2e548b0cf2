// The scripts that the letters of a text belong to.
import { has } from "./scan-text.js";

/** Kana and Han are one: Japanese mixes them. */
const names = ["latin", "greek", "cyrillic", "hebrew", "arabic", "indic", "thai", "hangul", "east asian"] as const;
export type Script = (typeof names)[number];

export interface Scripts {
  letters: number;
  /** Letters of each, in the order of the names. */
  counts: Uint16Array;
}

/** Letters looked at, from the start: enough to tell. */
const looked = 600;
const [latin, greek, cyrillic, hebrew, arabic, indic, thai, hangul, eastAsian, none] = [0, 1, 2, 3, 4, 5, 6, 7, 8, -1];

/** @param bits `scanText` of the text, when it is at hand */
export function scriptsOf(text: string, bits?: number): Scripts {
  const isAscii = bits !== undefined && !(bits & has.nonAscii);
  const counts = new Uint16Array(names.length);
  let letters = 0;
  for (let at = 0; at < text.length && at < looked; at += 1) {
    const code = text.charCodeAt(at);
    const script = isAscii || code < 0xc0 ? asciiLetter(code) : letterScript(code);
    if (script === none) continue;
    letters += 1;
    counts[script]! += 1;
  }
  return { letters, counts };
}

export function lettersIn({ counts }: Scripts, script: Script): number {
  return counts[names.indexOf(script)] as number;
}

/** The script of nearly all letters; null: too few letters to tell, or a mixture. A sign of Chinese says as much as several letters. */
export function mainScript({ letters, counts }: Scripts, fewest: number): Script | null {
  if (letters < (counts[eastAsian]! > 0 ? fewest / 3 : fewest)) return null;
  const most = counts.indexOf(Math.max(...counts));
  return counts[most]! / letters >= 0.9 ? (names[most] as Script) : null;
}

function asciiLetter(code: number): number {
  return (code >= 0x61 && code <= 0x7a) || (code >= 0x41 && code <= 0x5a) ? latin : none;
}

/** By Unicode block. */
function letterScript(code: number): number {
  if (code < 0x250) return latin;
  if (code >= 0x370 && code < 0x400) return greek;
  if (code >= 0x400 && code < 0x530) return cyrillic;
  if (code >= 0x590 && code < 0x600) return hebrew;
  if (code >= 0x600 && code < 0x780) return arabic;
  if (code >= 0x900 && code < 0xe00) return indic;
  if (code >= 0xe00 && code < 0xe80) return thai;
  if ((code >= 0x3040 && code < 0x3100) || (code >= 0x3400 && code < 0xa000)) return eastAsian;
  return code >= 0xac00 && code < 0xd7a4 ? hangul : none;
}
