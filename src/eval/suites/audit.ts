// Which items of suites stand in the training data: word for word, but for case and spaces, or nearly. Suites are small; training rows stream by.
import type { CanonicalRow, Message, RowPlace } from "../../dataset/canonical.js";
import { looseDigest, rowDigest } from "../../dataset/canonical-key.js";
import { minhash, similarity, writeSignature } from "../../dataset/near-duplicates/signature.js";
import type { LoadedSuite } from "./load-suite.js";

type Likeness = "exact" | "normalised" | "near";

export interface FoundItem {
  suite: string;
  item: string;
  /** Of the item. */
  file: string;
  line: number;
  how: Likeness;
  /** Share of five-word runs that question and training prompt have in common, 0..1. */
  similarity: number;
  /** The first training row that it is found in. */
  row: RowPlace;
}

export interface Audit {
  see(row: CanonicalRow, place: RowPlace): void;
  /** One for each item that was found, by its closest row, in the suites' order. */
  found(): FoundItem[];
}

/** Questions alike by so much are the same one in other words. */
const leastSimilarity = 0.7;

interface Question {
  suite: string;
  item: LoadedSuite["items"][number];
  text: string;
  found: FoundItem | null;
}

export function auditSuites(suites: readonly Pick<LoadedSuite, "name" | "items">[]): Audit {
  const questions: Question[] = suites.flatMap(({ name, items }) =>
    items.map((item) => ({ suite: name, item, text: textOf(item.messages), found: null })),
  );
  const exact = index(questions, ({ item }) => [keyOf(item.messages, rowDigest)]);
  const loose = index(questions, ({ item }) => [keyOf(item.messages, looseDigest)]);
  const near = index(questions, ({ text }) => bandKeys(text));
  return {
    see(row, place) {
      for (const prompt of promptsOf(row)) {
        for (const one of exact.get(keyOf(prompt, rowDigest)) ?? []) note(one, "exact", 1, place);
        for (const one of loose.get(keyOf(prompt, looseDigest)) ?? []) note(one, "normalised", 1, place);
        const text = textOf(prompt);
        for (const one of new Set(bandKeys(text).flatMap((key) => near.get(key) ?? []))) {
          const share = similarity(one.text, text);
          if (share >= leastSimilarity) note(one, "near", share, place);
        }
      }
    },
    found: () => questions.flatMap(({ found }) => found ?? []),
  };
}

const closeness: Likeness[] = ["near", "normalised", "exact"];

function note(question: Question, how: Likeness, share: number, row: RowPlace): void {
  const { suite, item, found } = question;
  if (found && closeness.indexOf(found.how) >= closeness.indexOf(how)) return;
  const { file, line } = item;
  question.found = { suite, item: item.item, file, line, how, similarity: share, row };
}

/** What each answer of the row answers to: everything before it. */
function promptsOf(row: CanonicalRow): Message[][] {
  if (row.kind === "messages") {
    return row.messages.flatMap(({ role }, at) => (role === "assistant" && at > 0 ? [row.messages.slice(0, at)] : []));
  }
  if ("prompt" in row) return [row.prompt];
  // Plain text has no prompt: it is held against the questions as it is.
  const text =
    row.kind === "text" ? row.text : row.kind === "segments" ? row.segments.map((one) => one.text).join("") : "";
  return text === "" ? [] : [[{ role: "user", content: text }]];
}

/** System turns play no part: the same question under another one is the same question. */
function asked(messages: readonly Message[]): Message[] {
  return messages.filter(({ role }) => role !== "system");
}

function keyOf(messages: readonly Message[], digest: typeof rowDigest): string {
  return digest({ kind: "messages", messages: asked(messages) }).toString("hex");
}

function textOf(messages: readonly Message[]): string {
  return asked(messages)
    .map(({ content }) => content)
    .join("\n");
}

const signature = new Uint32Array(2 * minhash.bands);

function bandKeys(text: string): string[] {
  if (!writeSignature(text, signature, 0)) return [];
  return Array.from(
    { length: minhash.bands },
    (_, band) => `${band}:${signature[2 * band]}:${signature[2 * band + 1]}`,
  );
}

function index(questions: readonly Question[], keysOf: (question: Question) => string[]): Map<string, Question[]> {
  const found = new Map<string, Question[]>();
  for (const question of questions) {
    for (const key of keysOf(question)) {
      const others = found.get(key);
      if (others) others.push(question);
      else found.set(key, [question]);
    }
  }
  return found;
}
