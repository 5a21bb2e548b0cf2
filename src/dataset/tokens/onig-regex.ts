// Reads the regexes of tokenizer.json as Oniguruma reads them, with Ruby's syntax; what it isn't sure of it refuses.
import { afterUnicode16 } from "./unicode-versions.js";

export type RegexNode =
  /** One character: a class in the syntax of JavaScript's v flag. */
  | { type: "set"; source: string }
  | { type: "sequence"; items: RegexNode[] }
  | { type: "choice"; options: RegexNode[] }
  | { type: "repeat"; item: RegexNode; min: number; max: number; lazy: boolean }
  | { type: "look"; item: RegexNode; behind: boolean; wanted: boolean }
  /** What it matched first is not given back. */
  | { type: "atomic"; item: RegexNode };

/** Null: something in it is not known here in every detail. */
export function parseRegex(pattern: string): RegexNode | null {
  try {
    const reader: Reader = { pattern, at: 0 };
    const node = alternatives(reader, false);
    return reader.at < pattern.length ? null : node;
  } catch (error) {
    if (error instanceof Untranslatable) return null;
    throw error;
  }
}

/** Of plain text, for patterns that are not regexes. */
export function literalRegex(text: string): RegexNode {
  return { type: "sequence", items: [...text].map((character) => ({ type: "set", source: literal(character) })) };
}

class Untranslatable extends Error {}

interface Reader {
  pattern: string;
  at: number;
}

function alternatives(reader: Reader, ignoreCase: boolean): RegexNode {
  const options: RegexNode[] = [];
  let items: RegexNode[] = [];
  while (reader.at < reader.pattern.length && peek(reader) !== ")") {
    if (take(reader, "|")) {
      options.push({ type: "sequence", items });
      items = [];
    } else items.push(quantified(reader, atom(reader, ignoreCase)));
  }
  options.push({ type: "sequence", items });
  return options.length === 1 ? options[0]! : { type: "choice", options };
}

function atom(reader: Reader, ignoreCase: boolean): RegexNode {
  if (take(reader, "(")) return group(reader, ignoreCase);
  if (take(reader, "[")) return { type: "set", source: characterClass(reader, ignoreCase) };
  if (take(reader, ".")) return { type: "set", source: "[^\\n]" };
  if (take(reader, "\\")) return { type: "set", source: escapeSequence(reader, ignoreCase) };
  const character = next(reader);
  if ("^$*+?{".includes(character)) throw new Untranslatable();
  return { type: "set", source: ignoreCase ? anyCase(reader, character) : literal(character) };
}

function group(reader: Reader, ignoreCase: boolean): RegexNode {
  if (take(reader, "?:")) return closed(reader, ignoreCase);
  if (take(reader, "?i:")) return closed(reader, true);
  if (take(reader, "?-i:")) return closed(reader, false);
  if (take(reader, "?>")) return { type: "atomic", item: closed(reader, ignoreCase) };
  for (const [written, behind, wanted] of lookarounds) {
    if (!take(reader, written)) continue;
    const item = closed(reader, ignoreCase);
    if (behind && single(item)?.type !== "set") throw new Untranslatable();
    return { type: "look", item, behind, wanted };
  }
  if (peek(reader) === "?") throw new Untranslatable();
  return closed(reader, ignoreCase);
}

const lookarounds: [written: string, behind: boolean, wanted: boolean][] = [
  ["?=", false, true],
  ["?!", false, false],
  ["?<=", true, true],
  ["?<!", true, false],
];

/** The one thing that a group holds. */
export function single(node: RegexNode): RegexNode | null {
  if (node.type !== "sequence") return node;
  return node.items.length === 1 ? single(node.items[0]!) : null;
}

function closed(reader: Reader, ignoreCase: boolean): RegexNode {
  const node = alternatives(reader, ignoreCase);
  if (!take(reader, ")")) throw new Untranslatable();
  return node;
}

function quantified(reader: Reader, item: RegexNode): RegexNode {
  const interval = /^\{(\d*)(,?)(\d*)\}/.exec(reader.pattern.slice(reader.at, reader.at + 24));
  if (interval && (interval[1] || interval[3])) {
    reader.at += interval[0].length;
    const min = Number(interval[1] || 0);
    const max = interval[3] ? Number(interval[3]) : interval[2] ? Number.POSITIVE_INFINITY : min;
    const counted: RegexNode = { type: "repeat", item, min, max, lazy: false };
    // In Ruby's syntax {n,m}+ is a repeated {n,m}, and {n}? is an optional one.
    if (take(reader, "+")) return { ...counted, item: counted, min: 1, max: Number.POSITIVE_INFINITY };
    if (peek(reader) === "?" && interval[2] === "") throw new Untranslatable();
    return lazyOnce(reader, counted);
  }
  for (const [sign, min, max] of signs) {
    if (!take(reader, sign)) continue;
    const repeat: RegexNode = { type: "repeat", item, min, max, lazy: false };
    return take(reader, "+") ? { type: "atomic", item: repeat } : lazyOnce(reader, repeat);
  }
  return item;
}

const signs: [sign: string, min: number, max: number][] = [
  ["*", 0, Number.POSITIVE_INFINITY],
  ["+", 1, Number.POSITIVE_INFINITY],
  ["?", 0, 1],
];

function lazyOnce(reader: Reader, repeat: RegexNode & { type: "repeat" }): RegexNode {
  const lazy = take(reader, "?");
  if ("*+?{".includes(peek(reader) || " ")) throw new Untranslatable();
  return { ...repeat, lazy };
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
