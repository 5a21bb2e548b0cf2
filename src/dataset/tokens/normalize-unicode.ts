// Unicode normalization forms with alignment, step for step as the crate unicode-normalization-alignments 0.1.12 does them: an exact peer
// must agree on which character of the original a composed or reordered one stands for.
import { alignmentOf, type Section } from "./section.js";
import { combiningClass, decomposedAfterUnicode9 } from "./unicode-versions.js";

export type NormalForm = "NFC" | "NFD" | "NFKC" | "NFKD";

export function normalizeUnicode(section: Section, form: NormalForm): Section {
  if (section.text.normalize(form) === section.text) return section;
  const decomposed = decompose(section.text, form.includes("K") ? "NFKD" : "NFD");
  return align(section, form.endsWith("C") ? compose(decomposed) : decomposed);
}

interface Change {
  character: string;
  combining: number;
  /** 0: takes the place of a character; 1: comes on top; -n: also of the n characters that follow. */
  change: number;
}

/** In canonical order: marks sorted by class between starters. */
function decompose(text: string, form: "NFD" | "NFKD"): Change[] {
  const changes: Change[] = [];
  let sorted = 0;
  const sortPending = () => {
    if (changes.length - sorted > 1) {
      const pending = changes.splice(sorted).sort((a, b) => a.combining - b.combining);
      changes.push(...pending);
    }
    sorted = changes.length;
  };
  for (const whole of text) {
    let change = 0;
    for (const character of decomposition(whole, form)) {
      const combining = combiningClass(character.codePointAt(0)!);
      if (combining === 0) sortPending();
      changes.push({ character, combining, change });
      change = 1;
    }
  }
  sortPending();
  return changes;
}

function decomposition(character: string, form: "NFD" | "NFKD"): string {
  if (character < "\u00a0" || decomposedAfterUnicode9.has(character.codePointAt(0)!)) return character;
  return character.normalize(form);
}

function compose(changes: Change[]): Change[] {
  const composed: Change[] = [];
  let starter: Change | null = null;
  let marks: Change[] = [];
  let lastClass: number | null = null;
  const finish = () => {
    if (starter) composed.push(starter);
    for (const mark of marks) composed.push(mark);
    marks = [];
    lastClass = null;
  };
  for (const each of changes) {
    if (!starter) {
      if (each.combining === 0) starter = each;
      else composed.push(each);
      continue;
    }
    const isBlocked: boolean = lastClass !== null && lastClass >= each.combining;
    const pair: string | null = isBlocked ? null : composite(starter.character, each.character);
    if (pair !== null) {
      starter = { character: pair, combining: 0, change: starter.change + each.change - 1 };
    } else if (each.combining === 0) {
      finish();
      starter = each;
    } else {
      marks.push(each);
      lastClass = each.combining;
    }
  }
  finish();
  return composed;
}

function composite(first: string, second: string): string | null {
  if (second < "\u0300") return null;
  const pair = (first + second).normalize("NFC");
  const codePoint = pair.codePointAt(0)!;
  const isOne = pair.length === (codePoint > 0xffff ? 2 : 1);
  return isOne && !decomposedAfterUnicode9.has(codePoint) ? pair : null;
}

/** NormalizedString::transform of the Rust library. */
function align(section: Section, changes: Change[]): Section {
  const { from, to } = alignmentOf(section);
  const { text, at } = section;
  const units = changes.reduce((sum, { character }) => sum + character.length, 0);
  const alignment = { from: new Int32Array(units), to: new Int32Array(units) };
  const step = () => {
    read += text.codePointAt(read)! > 0xffff ? 2 : 1;
  };
  let read = 0;
  let written = 0;
  for (const { character, change } of changes) {
    const source = change > 0 ? read - 1 : read;
    alignment.from.fill(from[source] ?? at, written, written + character.length);
    alignment.to.fill(to[source] ?? at, written, written + character.length);
    written += character.length;
    for (let skip = change; skip <= 0 && read < text.length; skip += 1) step();
  }
  return { text: changes.map(({ character }) => character).join(""), at, alignment };
}
