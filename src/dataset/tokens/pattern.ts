// Matches regexes in memory that does not grow with the text: where one character class repeats, giving back is a step to the left.
// (JavaScript's own engine keeps every step it could take back, and fails on a few million equal characters.)
import { literalRegex, parseRegex, type RegexNode, single } from "./onig-regex.js";

/** Matches from left to right that do not overlap, none of them empty: start, end, start, end ... in UTF-16 units. */
export type Pattern = (text: string) => number[];

export interface WrittenPattern {
  String?: string;
  Regex?: string;
}

/** Null: it is not known here in every detail. */
export function compilePattern({ String: text, Regex: regex }: WrittenPattern): Pattern | null {
  const node = text === undefined ? parseRegex(regex ?? "") : literalRegex(text);
  return node && patternOf(node);
}

/** Null: it can match nothing at all, and there regex engines go on differently. */
export function patternOf(node: RegexNode): Pattern | null {
  const subject: Subject = { text: "" };
  const match = compile(node, subject, (at) => at);
  if (match(0) !== -1) return null;
  return (text) => {
    subject.text = text;
    const found: number[] = [];
    for (let at = 0; at < text.length; ) {
      const end = match(at);
      if (end > at) {
        found.push(at, end);
        at = end;
      } else at += isHigh(text.charCodeAt(at)) ? 2 : 1;
    }
    subject.text = "";
    return found;
  };
}

interface Subject {
  text: string;
}

/** End of the match that begins here; -1: there is none. */
type Match = (at: number) => number;

function compile(node: RegexNode, subject: Subject, next: Match): Match {
  switch (node.type) {
    case "set": {
      const has = setOf(node.source);
      return (at) => {
        const end = has(subject.text, at);
        return end === -1 ? -1 : next(end);
      };
    }
    case "sequence":
      return node.items.reduceRight<Match>((rest, item) => compile(item, subject, rest), next);
    case "choice":
      return firstOf(node.options.map((option) => compile(option, subject, next)));
    case "atomic": {
      const item = compile(node.item, subject, (at) => at);
      return (at) => {
        const end = item(at);
        return end === -1 ? -1 : next(end);
      };
    }
    case "look":
      return compileLook(node, subject, next);
    case "repeat": {
      const item = single(node.item);
      return item?.type === "set"
        ? repeatSet(setOf(item.source), node, subject, next)
        : repeatGroup(node, subject, next);
    }
  }
}

function firstOf(options: Match[]): Match {
  return (at) => {
    for (const option of options) {
      const end = option(at);
      if (end !== -1) return end;
    }
    return -1;
  };
}

function compileLook({ item, behind, wanted }: RegexNode & { type: "look" }, subject: Subject, next: Match): Match {
  const inner = compile(item, subject, (at) => at);
  const found: Match = behind ? (at) => (at === 0 ? -1 : inner(before(subject.text, at))) : inner;
  return (at) => ((found(at) !== -1) === wanted ? next(at) : -1);
}

type Repeat = RegexNode & { type: "repeat" };

function repeatSet(has: HasCharacter, { min, max, lazy }: Repeat, subject: Subject, next: Match): Match {
  const greedy: Match = (start) => {
    const { text } = subject;
    let at = start;
    let count = 0;
    while (count < max) {
      const end = has(text, at);
      if (end === -1) break;
      at = end;
      count += 1;
    }
    for (; count >= min; count -= 1) {
      const end = next(at);
      if (end !== -1) return end;
      if (count > min) at = before(text, at);
    }
    return -1;
  };
  if (!lazy) return greedy;
  return (start) => {
    let at = start;
    for (let count = 0; count <= max; count += 1) {
      const end = count < min ? -1 : next(at);
      if (end !== -1) return end;
      at = has(subject.text, at);
      if (at === -1) return -1;
    }
    return -1;
  };
}

function repeatGroup({ item, min, max, lazy }: Repeat, subject: Subject, next: Match): Match {
  let count = 0;
  let begun = -1;
  const body = compile(item, subject, (at) => (at === begun ? -1 : again(at)));
  const once: Match = (at) => {
    const [outerCount, outerBegun] = [count, begun];
    [count, begun] = [count + 1, at];
    const end = body(at);
    [count, begun] = [outerCount, outerBegun];
    return end;
  };
  const leave: Match = (at) => {
    const [outerCount, outerBegun] = [count, begun];
    [count, begun] = [0, -1];
    const end = next(at);
    [count, begun] = [outerCount, outerBegun];
    return end;
  };
  const again: Match = (at) => {
    if (count < min) return once(at);
    if (count >= max) return leave(at);
    const [first, second] = lazy ? [leave, once] : [once, leave];
    const end = first(at);
    return end === -1 ? second(at) : end;
  };
  return again;
}

/** Where the character ends that stands there and belongs to the set; -1: none does. */
type HasCharacter = (text: string, at: number) => number;

const sets = new Map<string, HasCharacter>();

/** Asks JavaScript's engine about each character once. */
function setOf(source: string): HasCharacter {
  const known = sets.get(source);
  if (known) return known;
  const regex = new RegExp(`^${source}$`, "v");
  const unitAnswers = new Uint8Array(0x10000);
  const pairAnswers = new Map<number, boolean>();
  const has: HasCharacter = (text, at) => {
    if (at >= text.length) return -1;
    const unit = text.charCodeAt(at);
    if (isHigh(unit)) {
      const codePoint = text.codePointAt(at)!;
      const answer = pairAnswers.get(codePoint) ?? regex.test(String.fromCodePoint(codePoint));
      pairAnswers.set(codePoint, answer);
      return answer ? at + 2 : -1;
    }
    if (unitAnswers[unit] === 0) unitAnswers[unit] = regex.test(String.fromCharCode(unit)) ? 1 : 2;
    return unitAnswers[unit] === 1 ? at + 1 : -1;
  };
  sets.set(source, has);
  return has;
}

function before(text: string, at: number): number {
  const unit = text.charCodeAt(at - 1);
  return unit >= 0xdc00 && unit < 0xe000 ? at - 2 : at - 1;
}

function isHigh(unit: number): boolean {
  return unit >= 0xd800 && unit < 0xdc00;
}
