// Translates the regexes of tokenizer.json, which Oniguruma reads with Ruby's syntax, to JavaScript's; what it isn't sure of it refuses.
import { afterUnicode16 } from "./unicode-versions.js";

/** The same regex with the flags g and v; null: something in it has no translation that is surely exact. */
export function translateRegex(pattern: string): RegExp | null {
  try {
    const reader: Reader = { pattern, at: 0, atomics: 0 };
    const source = alternatives(reader, false);
    if (reader.at < pattern.length) return null;
    const regex = new RegExp(source, "gv");
    // Where it matches nothing at all the two engines go on differently.
    return new RegExp(`^(?:${source})$`, "v").test("") ? null : regex;
  } catch (error) {
    if (error instanceof Untranslatable || error instanceof SyntaxError) return null;
    throw error;
  }
}

/** Of plain text, for patterns that are not regexes. */
export function literalRegex(text: string): RegExp | null {
  return text === "" ? null : new RegExp([...text].map(literal).join(""), "gv");
}

class Untranslatable extends Error {}

interface Reader {
  pattern: string;
  at: number;
  /** Atomic groups so far: each is a look-ahead that captures, and a reference to what it captured. */
  atomics: number;
}

function alternatives(reader: Reader, ignoreCase: boolean): string {
  let source = "";
  while (reader.at < reader.pattern.length && peek(reader) !== ")") {
    if (take(reader, "|")) source += "|";
    else source += quantified(reader, atom(reader, ignoreCase));
  }
  return source;
}

function atom(reader: Reader, ignoreCase: boolean): string {
  if (take(reader, "(")) return group(reader, ignoreCase);
  if (take(reader, "[")) return characterClass(reader, ignoreCase);
  if (take(reader, ".")) return "[^\\n]";
  if (take(reader, "\\")) return escapeSequence(reader, ignoreCase);
  const character = next(reader);
  if ("^$*+?{".includes(character)) throw new Untranslatable();
  return ignoreCase ? anyCase(reader, character) : literal(character);
}

function group(reader: Reader, ignoreCase: boolean): string {
  const openings: [string, string, boolean][] = [
    ["?:", "(?:", ignoreCase],
    ["?i:", "(?:", true],
    ["?-i:", "(?:", false],
    ["?=", "(?=", ignoreCase],
    ["?!", "(?!", ignoreCase],
    ["?<=", "(?<=", ignoreCase],
    ["?<!", "(?<!", ignoreCase],
  ];
  for (const [written, opening, innerIgnoreCase] of openings) {
    if (take(reader, written)) return `${opening}${closed(reader, innerIgnoreCase)})`;
  }
  if (take(reader, "?>")) return atomic(reader, closed(reader, ignoreCase));
  if (peek(reader) === "?") throw new Untranslatable();
  return `(?:${closed(reader, ignoreCase)})`;
}

function closed(reader: Reader, ignoreCase: boolean): string {
  const source = alternatives(reader, ignoreCase);
  if (!take(reader, ")")) throw new Untranslatable();
  return source;
}

function atomic(reader: Reader, source: string): string {
  reader.atomics += 1;
  const name = `atomic${reader.atomics}`;
  return `(?:(?=(?<${name}>${source}))\\k<${name}>)`;
}

function quantified(reader: Reader, source: string): string {
  const interval = /^\{(\d*)(,?)(\d*)\}/.exec(reader.pattern.slice(reader.at, reader.at + 24));
  if (interval && (interval[1] || interval[3])) {
    reader.at += interval[0].length;
    const counted = `${source}{${interval[1] || 0}${interval[2]}${interval[3]}}`;
    // In Ruby's syntax {n,m}+ is a repeated {n,m}, and {n}? is an optional one.
    if (take(reader, "+")) return `(?:${counted})+`;
    if (peek(reader) === "?" && interval[2] === "") throw new Untranslatable();
    return lazyOnce(reader, counted);
  }
  for (const sign of ["*", "+", "?"]) {
    if (!take(reader, sign)) continue;
    if (take(reader, "+")) return lazyOnce(reader, atomic(reader, source + sign));
    return lazyOnce(reader, source + sign);
  }
  return source;
}

function lazyOnce(reader: Reader, source: string): string {
  const lazy = take(reader, "?") ? "?" : "";
  if ("*+?{".includes(peek(reader) || " ")) throw new Untranslatable();
  return source + lazy;
}

function characterClass(reader: Reader, ignoreCase: boolean): string {
  const negated = take(reader, "^") ? "^" : "";
  const intersected: string[] = [];
  let members = "";
  for (let first = true; ; first = false) {
    if (reader.at >= reader.pattern.length || reader.pattern.startsWith("[:", reader.at)) throw new Untranslatable();
    if (!first && take(reader, "]")) break;
    if (take(reader, "&&")) {
      intersected.push(`[${members}]`);
      members = "";
    } else if (take(reader, "[")) members += characterClass(reader, ignoreCase);
    else members += classMember(reader, ignoreCase);
  }
  if (members === "") throw new Untranslatable();
  return `[${negated}${intersected.length ? [...intersected, `[${members}]`].join("&&") : members}]`;
}

function classMember(reader: Reader, ignoreCase: boolean): string {
  const start = next(reader);
  if (start === "\\" && !isEscapedCharacter(reader)) return escapeSequence(reader, ignoreCase);
  const from = start === "\\" ? escapedCharacter(reader) : start;
  const last = reader.pattern[reader.at + 1];
  if (peek(reader) !== "-" || last === "]" || last === undefined) return member(reader, from, from, ignoreCase);
  reader.at += 1;
  const end = next(reader);
  if (end === "[" || (end === "\\" && !isEscapedCharacter(reader))) throw new Untranslatable();
  return member(reader, from, end === "\\" ? escapedCharacter(reader) : end, ignoreCase);
}

function member(reader: Reader, from: string, to: string, ignoreCase: boolean): string {
  if (from === to) return ignoreCase ? anyCase(reader, from) : literal(from);
  if (!ignoreCase) return `${literal(from)}-${literal(to)}`;
  if (/^\d\d$/.test(from + to)) return `${from}-${to}`;
  throw new Untranslatable();
}

function escapeSequence(reader: Reader, ignoreCase: boolean): string {
  const kind = peek(reader);
  if (kind === "p" || kind === "P") {
    const property = /^[pP]\{(\^?)(\w+)\}/.exec(reader.pattern.slice(reader.at, reader.at + 40));
    if (!property || (ignoreCase && /^L[ult]$/.test(property[2]!))) throw new Untranslatable();
    reader.at += property[0].length;
    const known = knownProperty(property[2]!);
    return (kind === "P") !== (property[1] === "^") ? `[^${known}]` : known;
  }
  const shorthand = shorthands[kind];
  if (shorthand) {
    reader.at += 1;
    return shorthand;
  }
  if (!isEscapedCharacter(reader)) throw new Untranslatable();
  const character = escapedCharacter(reader);
  return ignoreCase ? anyCase(reader, character) : literal(character);
}

const newer = `[${afterUnicode16.map(([first, last]) => `\\u{${first.toString(16)}}-\\u{${last.toString(16)}}`).join("")}]`;
const word = `[[\\p{Alphabetic}\\p{M}\\p{Nd}\\p{Pc}\\u{b2}\\u{b3}\\u{b9}\\u{bc}-\\u{be}]--${newer}]`;
const shorthands: Record<string, string> = {
  s: "\\p{White_Space}",
  S: "\\P{White_Space}",
  d: `[\\p{Nd}--${newer}]`,
  D: `[^[\\p{Nd}--${newer}]]`,
  w: word,
  W: `[^${word}]`,
};

const categories = new Set(
  "L Lu Ll Lt Lm Lo M Mn Mc Me N Nd Nl No P Pc Pd Ps Pe Pi Pf Po S Sm Sc Sk So Z Zs Zl Zp".split(" "),
);
const scripts = new Set("Han Hiragana Katakana Hangul".split(" "));

function knownProperty(name: string): string {
  // U+0295 was a lowercase letter before version 17.
  if (name === "Ll") return `[[\\p{Ll}\\u{295}]--${newer}]`;
  if (name === "Lo") return `[[\\p{Lo}--\\u{295}]--${newer}]`;
  if (categories.has(name)) return `[\\p{${name}}--${newer}]`;
  if (scripts.has(name)) return `[\\p{Script=${name}}--${newer}]`;
  throw new Untranslatable();
}

const controls: Record<string, string> = { n: "\n", r: "\r", t: "\t", f: "\f", v: "\v", a: "\x07", e: "\x1b" };

function isEscapedCharacter(reader: Reader): boolean {
  return /^(?:[nrtfvae]|x[\da-fA-F]{2}|x\{[\da-fA-F]+\}|u[\da-fA-F]{4}|[^\p{L}\p{N}])/u.test(
    reader.pattern.slice(reader.at, reader.at + 12),
  );
}

function escapedCharacter(reader: Reader): string {
  const hex = /^(?:x\{([\da-fA-F]+)\}|x([\da-fA-F]{2})|u([\da-fA-F]{4}))/.exec(
    reader.pattern.slice(reader.at, reader.at + 12),
  );
  if (!hex) {
    const character = next(reader);
    return controls[character] ?? character;
  }
  reader.at += hex[0].length;
  const codePoint = Number.parseInt(hex[1] ?? hex[2] ?? hex[3]!, 16);
  // \x80 and up mean bytes there.
  if (hex[2] && codePoint > 0x7f) throw new Untranslatable();
  return String.fromCodePoint(codePoint);
}

/** Case folding of ASCII letters only, with the two letters beyond it that fold to one of them; pairs that fold to a ligature are refused. */
function anyCase(reader: Reader, character: string): string {
  if (!/^[\x20-\x7e]$/.test(character)) throw new Untranslatable();
  if (!/[a-z]/i.test(character)) return literal(character);
  if (/s[st]|f[fil]/i.test(reader.pattern)) throw new Untranslatable();
  const also = { s: "\\u{17f}", k: "\\u{212a}" }[character.toLowerCase()] ?? "";
  return `[${character.toLowerCase()}${character.toUpperCase()}${also}]`;
}

function literal(character: string): string {
  return /[a-z0-9]/i.test(character) ? character : `\\u{${character.codePointAt(0)!.toString(16)}}`;
}

function peek({ pattern, at }: Reader): string {
  return at < pattern.length ? String.fromCodePoint(pattern.codePointAt(at)!) : "";
}

function next(reader: Reader): string {
  const character = peek(reader);
  if (character === "") throw new Untranslatable();
  reader.at += character.length;
  return character;
}

function take(reader: Reader, text: string): boolean {
  if (!reader.pattern.startsWith(text, reader.at)) return false;
  reader.at += text.length;
  return true;
}
