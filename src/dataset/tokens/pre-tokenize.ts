// The pre-tokenizer of tokenizer.json: what it does to a section as a whole, and how it then cuts it into pieces.
import { compilePattern, type Pattern, patternOf, type WrittenPattern } from "./pattern.js";
import { prepend, replaceCharacter, type Section } from "./section.js";

export interface PreTokenizer {
  /** Before the cuts: spaces made visible, one put in front. */
  transform: (section: Section) => Section;
  /** Pieces in order, with nothing left out; null: the whole is one piece. */
  split: ((text: string) => string[]) | null;
  /** The model sees bytes, each as a character of its own. */
  isByteLevel: boolean;
}

export interface PreTokenizerStep {
  type: string;
  pretokenizers?: PreTokenizerStep[];
  pattern?: WrittenPattern;
  behavior?: string;
  invert?: boolean;
  individual_digits?: boolean;
  add_prefix_space?: boolean;
  use_regex?: boolean;
  replacement?: string;
  prepend_scheme?: string;
  split?: boolean;
}

/** Null: it has a step, or an order of steps, that is not known here. */
export function compilePreTokenizer(step: PreTokenizerStep | null | undefined): PreTokenizer | null {
  const steps = step ? flatten(step) : [];
  const transforms: PreTokenizer["transform"][] = [];
  const splits: NonNullable<PreTokenizer["split"]>[] = [];
  let isByteLevel = false;
  for (const each of steps) {
    // Bytes are the last thing a text becomes.
    const compiled: Partial<PreTokenizer> | null = isByteLevel ? null : compileStep(each);
    if (!compiled || (compiled.transform && splits.length > 0)) return null;
    if (compiled.transform) transforms.push(compiled.transform);
    if (compiled.split) splits.push(compiled.split);
    isByteLevel = compiled.isByteLevel ?? false;
  }
  return {
    transform: (section) => transforms.reduce((section, each) => each(section), section),
    split: inTurn(splits),
    isByteLevel,
  };
}

function flatten(step: PreTokenizerStep): PreTokenizerStep[] {
  return step.type === "Sequence" ? (step.pretokenizers ?? []).flatMap(flatten) : [step];
}

function inTurn(splits: ((text: string) => string[])[]): PreTokenizer["split"] {
  if (splits.length < 2) return splits[0] ?? null;
  return (text) => {
    let pieces = [text];
    for (const split of splits) pieces = pieces.length === 1 ? split(pieces[0]!) : pieces.flatMap(split);
    return pieces;
  };
}

function compileStep(step: PreTokenizerStep): Partial<PreTokenizer> | null {
  switch (step.type) {
    case "ByteLevel":
      return compileByteLevel(step);
    case "Metaspace":
      return compileMetaspace(step);
    case "Digits":
      return { split: step.individual_digits ? isolated(digit) : isolated(digits) };
    case "Split":
      return compileSplit(step);
    default:
      return null;
  }
}

// Rust's own notion of a number is as new as JavaScript's, unlike that of its regexes.
const number = { type: "set", source: "\\p{N}" } as const;
const digit = patternOf(number)!;
const digits = patternOf({ type: "repeat", item: number, min: 1, max: Number.POSITIVE_INFINITY, lazy: false })!;
const gpt2 = compilePattern({
  Regex: "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+",
})!;

function compileByteLevel({ add_prefix_space, use_regex = true }: PreTokenizerStep): Partial<PreTokenizer> {
  const compiled: Partial<PreTokenizer> = { isByteLevel: true };
  if (add_prefix_space) {
    compiled.transform = (section) => (section.text.startsWith(" ") ? section : prepend(section, " "));
  }
  if (use_regex) compiled.split = isolated(gpt2);
  return compiled;
}

function compileMetaspace(step: PreTokenizerStep): Partial<PreTokenizer> | null {
  const { replacement = "\u2581", prepend_scheme = "always", split = true } = step;
  if (replacement.length !== 1) return null;
  const compiled: Partial<PreTokenizer> = {
    transform: (section) => {
      const replaced = replaceCharacter(section, " ", replacement);
      const isWanted = prepend_scheme === "always" || (prepend_scheme === "first" && section.at === 0);
      return isWanted && !replaced.text.startsWith(replacement) ? prepend(replaced, replacement) : replaced;
    },
  };
  if (split) compiled.split = mergedWithNext(compilePattern({ String: replacement })!);
  return compiled;
}

function compileSplit({ pattern = {}, behavior, invert = false }: PreTokenizerStep): Partial<PreTokenizer> | null {
  const compiled = compilePattern(pattern);
  if (!compiled) return null;
  // Isolated cuts before and after each match, so that inverting it changes nothing.
  if (behavior === "Isolated") return { split: isolated(compiled) };
  if (invert) return null;
  if (behavior === "MergedWithPrevious") return { split: mergedWithPrevious(compiled) };
  if (behavior === "MergedWithNext") return { split: mergedWithNext(compiled) };
  if (behavior === "Contiguous") return { split: contiguous(compiled) };
  return null;
}

function isolated(pattern: Pattern): (text: string) => string[] {
  return (text) => {
    const matches = pattern(text);
    const pieces: string[] = [];
    let last = 0;
    for (let match = 0; match < matches.length; match += 2) {
      const start = matches[match]!;
      if (start > last) pieces.push(text.slice(last, start));
      last = matches[match + 1]!;
      pieces.push(text.slice(start, last));
    }
    if (last < text.length) pieces.push(text.slice(last));
    return pieces;
  };
}

/** Matches and what lies between them, in order, none empty. */
function cuts(text: string, pattern: Pattern): { pieces: string[]; isMatch: boolean[] } {
  const matches = pattern(text);
  const pieces: string[] = [];
  const isMatch: boolean[] = [];
  let last = 0;
  const add = (end: number, matched: boolean) => {
    if (end === last) return;
    pieces.push(text.slice(last, end));
    isMatch.push(matched);
    last = end;
  };
  for (let match = 0; match < matches.length; match += 2) {
    add(matches[match]!, false);
    add(matches[match + 1]!, true);
  }
  add(text.length, false);
  return { pieces, isMatch };
}

/** A match joins the piece before it, unless that is a match too. */
function mergedWithPrevious(pattern: Pattern): (text: string) => string[] {
  return (text) => {
    const { pieces, isMatch } = cuts(text, pattern);
    const merged: string[] = [];
    for (const [at, piece] of pieces.entries()) {
      if (isMatch[at] && at > 0 && !isMatch[at - 1]) merged[merged.length - 1] += piece;
      else merged.push(piece);
    }
    return merged;
  };
}

function mergedWithNext(pattern: Pattern): (text: string) => string[] {
  return (text) => {
    const { pieces, isMatch } = cuts(text, pattern);
    const merged: string[] = [];
    for (const [at, piece] of pieces.entries()) {
      if (at > 0 && isMatch[at - 1] && !isMatch[at]) merged[merged.length - 1] += piece;
      else merged.push(piece);
    }
    return merged;
  };
}

function contiguous(pattern: Pattern): (text: string) => string[] {
  return (text) => {
    const { pieces, isMatch } = cuts(text, pattern);
    const merged: string[] = [];
    for (const [at, piece] of pieces.entries()) {
      if (at > 0 && isMatch[at - 1] === isMatch[at]) merged[merged.length - 1] += piece;
      else merged.push(piece);
    }
    return merged;
  };
}
