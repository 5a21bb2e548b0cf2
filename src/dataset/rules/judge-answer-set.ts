// QUAL: answers that differ from nearly all others of their file, and what nearly all share. Judged at the end of the file.
import type { Finding, RowPlace } from "../canonical.js";
import { type RuleId, toFinding } from "../rules.js";
import type { RowText } from "./row-texts.js";
import { has, isAscii } from "./scan-text.js";
import { lettersIn, mainScript, scriptsOf } from "./script.js";

export interface AnswerSet {
  add(answer: AnswerShape, place: RowPlace): void;
  finish(): Finding[];
}

/** What of one answer counts in the set; null: it says nothing about this. */
export interface AnswerShape {
  at: string;
  sharesScript: boolean | null;
  isFinished: boolean | null;
  /** Its last characters, where it is not finished. */
  ending: string;
  isJson: boolean | null;
  opening: string | null;
}

/** Null: the text is no answer that is to be learnt. */
export function answerShape({ at, text, bits, question }: RowText): AnswerShape | null {
  if (question === undefined) return null;
  const finished = isFinished(text);
  return {
    at,
    sharesScript: sharesScript(question, text, bits),
    isFinished: finished,
    ending: finished === false ? ending(text) : "",
    isJson: isJson(text),
    opening: openingOf(text),
  };
}

/** Of those that differ; more would not be exceptions. */
const keptPlaces = 10_000;
/** Answers seen before a rule of these speaks, and the share that makes the others exceptions. */
const rulesOfSets = {
  script: { rule: "QUAL007", enough: 30, most: 0.9 },
  ending: { rule: "QUAL008", enough: 50, most: 0.95 },
  json: { rule: "QUAL010", enough: 20, most: 0.9 },
} as const;

/** An opening that so many of so many answers share is a habit; of plain words, not of a format. */
const opening = { enough: 100, most: 0.3, words: 4, kept: 20_000 };

export function answerSet(): AnswerSet {
  const tallies = { script: newTally(), ending: newTally(), json: newTally() };
  const openings = new Map<string, number>();
  let answers = 0;
  let first: RowPlace | null = null;
  return {
    add({ at, sharesScript, isFinished, ending, isJson, opening: words }, place) {
      first ??= place;
      answers += 1;
      count(tallies.script, sharesScript, place, `${at} is not in the script of its question`);
      count(tallies.ending, isFinished, place, `${at} ends with "${ending}"`);
      count(tallies.json, isJson, place, `${at} is not valid JSON`);
      if (words && (openings.has(words) || openings.size < opening.kept))
        openings.set(words, (openings.get(words) ?? 0) + 1);
    },
    finish() {
      const findings: Finding[] = [];
      for (const [name, { rule, enough, most }] of Object.entries(rulesOfSets)) {
        const { usual, others } = tallies[name as keyof typeof tallies];
        if (usual + others.count < enough || usual / (usual + others.count) < most) continue;
        for (const { place, message } of others.kept)
          findings.push(toFinding({ rule: rule as RuleId, message }, place));
      }
      const [words, times] = [...openings].reduce((best, each) => (each[1] > best[1] ? each : best), ["", 0]);
      if (first && answers >= opening.enough && times / answers >= opening.most) {
        const message = `${times} of ${answers} answers begin with "${words} ..."`;
        findings.push(toFinding({ rule: "QUAL011", message }, first));
      }
      return findings;
    },
  };
}

interface Tally {
  usual: number;
  others: { count: number; kept: { place: RowPlace; message: string }[] };
}

function newTally(): Tally {
  return { usual: 0, others: { count: 0, kept: [] } };
}

/** @param isUsual null: the answer says nothing about this */
function count(tally: Tally, isUsual: boolean | null, place: RowPlace, message: string): void {
  if (isUsual === null) return;
  if (isUsual) tally.usual += 1;
  else {
    tally.others.count += 1;
    if (tally.others.kept.length < keptPlaces) tally.others.kept.push({ place, message });
  }
}

const namesLanguage =
  /translat|\bin (?:english|chinese|french|german|spanish|russian|japanese|korean|arabic|hindi|italian|portuguese|latin|greek)\b|翻译|译成|译为|英文|英语|中文|汉语|法语|德语|日语|西班牙语|перевед|на английск|拼音/i;
const looksLikeCode = /[{};=]|\w\(|https?:/;

/** Null where either side has too few letters or several scripts, or another language may be asked for. */
function sharesScript(question: string, answer: string, bits: number): boolean | null {
  if (!(bits & has.nonAscii) && isAscii(question)) return true;
  const scripts = scriptsOf(question);
  const asked = mainScript(scripts, 8);
  if (asked === null) return null;
  const own = scriptsOf(answer, bits);
  if (lettersIn(own, asked) > own.letters / 20) return true;
  const answered = mainScript(own, 24);
  if (answered === null) return null;
  // "Improve this: ..." over a text in another language: the answer follows the few words.
  if (lettersIn(scripts, answered) >= (answered === "east asian" ? 6 : 30)) return null;
  return looksLikeCode.test(answer) || namesLanguage.test(question) ? null : false;
}

/** Of long answers in sentences: whether the last one is whole. Null: short, or ends as lists, code and addresses do. */
function isFinished(text: string): boolean | null {
  if (text.length < 200) return null;
  const end = text.slice(-160).trimEnd();
  if (/[.!?。！？…"'”’)\]）】」』》:：;；*_`~>|}\p{Emoji_Presentation}]$/u.test(end)) return true;
  const line = text.slice(text.trimEnd().lastIndexOf("\n") + 1).trimEnd();
  const isProse =
    line.length >= 60 &&
    /\p{Ll}{2,} \p{Ll}+/u.test(line) &&
    !/^\s*(?:[-*•|>#]|\d+[.)])|^.{0,40}:|https?:|[={}<>\\]|[#@]\S+$/.test(line);
  return isProse && /[\p{L},]$/u.test(end) ? false : null;
}

function ending(text: string): string {
  return text.trimEnd().slice(-24).replaceAll("\n", " ");
}

/** Null: not meant as JSON. */
function isJson(text: string): boolean | null {
  const [from, to] = [text.trimStart()[0], text.trimEnd().at(-1)];
  const looksLikeIt = (from === "{" && to === "}") || (from === "[" && to === "]");
  if (!looksLikeIt) return null;
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

function openingOf(text: string): string | null {
  if (text.length < 40) return null;
  const words = text.slice(0, 80).split(/\s+/, opening.words);
  return words.length === opening.words && words.every((word) => /^\p{L}/u.test(word))
    ? words.join(" ").toLowerCase()
    : null;
}
