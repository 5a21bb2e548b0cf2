// A stretch of text between added tokens on its way through the normalizer, with the place in the original from which each unit comes.

import type { Pattern } from "./pattern.js";

export interface Section {
  text: string;
  /** Where it begins in the original, in UTF-16 units. */
  at: number;
  /** Of each UTF-16 unit of `text` the range of the original it stands for; null: the text is the original's from `at` on. */
  alignment: Alignment | null;
}

export interface Alignment {
  from: Int32Array;
  to: Int32Array;
}

export function sliceSection({ text, at, alignment }: Section, start: number, end: number): Section {
  if (!alignment) return { text: text.slice(start, end), at: at + start, alignment };
  const from = alignment.from.subarray(start, end);
  return {
    text: text.slice(start, end),
    at: from[0] ?? at,
    alignment: { from, to: alignment.to.subarray(start, end) },
  };
}

/** The section with characters put before it; they stand for what its first character stands for, and so does nothing when it is empty. */
export function prepend(section: Section, prefix: string): Section {
  const { text } = section;
  if (text === "") return section;
  const { from, to } = alignmentOf(section);
  const first = text.codePointAt(0)! > 0xffff ? 2 : 1;
  const shifted = {
    from: new Int32Array(text.length + prefix.length).fill(from[0]!, 0, prefix.length),
    to: new Int32Array(text.length + prefix.length).fill(to[first - 1]!, 0, prefix.length),
  };
  shifted.from.set(from, prefix.length);
  shifted.to.set(to, prefix.length);
  return { text: prefix + text, at: section.at, alignment: shifted };
}

/** Each match replaced by `content`, which stands for what the last character of the match stood for. */
export function replaceAll(section: Section, pattern: Pattern, content: string): Section {
  const { text } = section;
  const matches = pattern(text);
  if (matches.length === 0) return section;
  const old = alignmentOf(section);
  const parts: string[] = [];
  const from: number[] = [];
  const to: number[] = [];
  let read = 0;
  const copy = (until: number) => {
    parts.push(text.slice(read, until));
    for (; read < until; read += 1) {
      from.push(old.from[read]!);
      to.push(old.to[read]!);
    }
  };
  for (let match = 0; match < matches.length; match += 2) {
    copy(matches[match]!);
    read = matches[match + 1]!;
    parts.push(content);
    for (let unit = 0; unit < content.length; unit += 1) {
      from.push(old.from[read - 1]!);
      to.push(old.to[read - 1]!);
    }
  }
  copy(text.length);
  return { text: parts.join(""), at: section.at, alignment: { from: Int32Array.from(from), to: Int32Array.from(to) } };
}

/** `replaceAll` for one character by one of the same length: nothing moves. */
export function replaceCharacter(section: Section, character: string, content: string): Section {
  return section.text.includes(character) ? { ...section, text: section.text.replaceAll(character, content) } : section;
}

/** Range of the original of each unit: its character's. */
export function alignmentOf({ text, at, alignment }: Section): Alignment {
  if (alignment) return alignment;
  const from = new Int32Array(text.length);
  const to = new Int32Array(text.length);
  for (let unit = 0; unit < text.length; unit += 1) {
    const isPair = isHighSurrogate(text.charCodeAt(unit));
    from[unit] = at + unit;
    to[unit] = at + unit + (isPair ? 2 : 1);
    if (!isPair) continue;
    unit += 1;
    from[unit] = at + unit - 1;
    to[unit] = at + unit + 1;
  }
  return { from, to };
}

function isHighSurrogate(unit: number): boolean {
  return unit >= 0xd800 && unit < 0xdc00;
}
