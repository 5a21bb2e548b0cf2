// What the rows answer: labels where the answers are few distinct ones, values by field where they are flat JSON, and pairs compared.
import type { CanonicalRow, Message } from "../canonical.js";
import { maskText } from "../rules/mask-text.js";
import { promptAndAnswer } from "./row-parts.js";
import { type ValueCounts, valueCounts } from "./value-counts.js";

/** More distinct answers than this are no labels. */
const mostLabels = 200;
const mostFields = 24;
/** A label is short. */
const labelChars = 200;

export function answerStats() {
  const answers = valueCounts(mostLabels);
  const fields = new Map<string, ValueCounts>();
  const kto = { good: 0, bad: 0 };
  const pairs = { rows: 0, chosenLonger: 0, rejectedLonger: 0, chosenChars: 0, rejectedChars: 0 };
  let jsonAnswers = 0;

  const addFields = (answer: string): void => {
    const object = flatObject(answer);
    if (!object) return;
    jsonAnswers += 1;
    for (const [name, value] of Object.entries(object)) {
      if (!fields.has(name) && fields.size === mostFields) continue;
      if (!fields.has(name)) fields.set(name, valueCounts(mostLabels));
      addMasked(fields.get(name)!, String(value));
    }
  };
  /** Every answer is one of few: each stands for four rows or more on average. */
  const areLabels = (counts: ValueCounts) => counts.unkept === 0 && counts.total >= 4 * counts.distinct();
  const labels = () => (answers.total > 0 && areLabels(answers) ? answers : null);
  const labelFields = () => {
    if (jsonAnswers === 0 || jsonAnswers < answers.total) return [];
    return [...fields]
      .filter(([, counts]) => areLabels(counts))
      .map(([field, counts]) => ({ field: maskText(field), counts }));
  };

  return {
    labels,
    labelFields,
    kto,
    add(row: CanonicalRow): void {
      if (row.kind === "unpaired") kto[row.label ? "good" : "bad"] += 1;
      if (row.kind === "preference") addPair(pairs, row);
      const text = content(promptAndAnswer(row).answer);
      if (text === "") return;
      // A long answer is no label; one that is all its own says so to the counts.
      addMasked(answers, text.length <= labelChars ? text : `(${answers.total})`);
      addFields(text);
    },
    result: () => ({
      /** All answers, when they are few distinct ones; null: they are free text. */
      labels: labels()?.top() ?? null,
      distinct: answers.unkept > 0 ? null : answers.distinct(),
      /** Of answers that are all flat JSON objects: each field with few distinct values. */
      fields: labelFields().map(({ field, counts }) => ({
        field,
        values: counts.top(20),
        distinct: counts.distinct(),
      })),
      kto: kto.good + kto.bad > 0 ? { ...kto } : null,
      pairs: pairs.rows > 0 ? { ...pairs } : null,
    }),
  };
}

/** What may be shown as a label is masked; once there are too many distinct values for labels, none is. */
function addMasked(counts: ValueCounts, text: string): void {
  counts.add(counts.unkept === 0 ? maskText(text) : text);
}

type Pair = Extract<CanonicalRow, { kind: "preference" }>;

/** Where chosen answers are mostly the longer ones, length is what the model learns to prefer. */
function addPair(
  pairs: { rows: number; chosenLonger: number; rejectedLonger: number; chosenChars: number; rejectedChars: number },
  row: Pair,
): void {
  const [chosen, rejected] = [content(row.chosen).length, content(row.rejected).length];
  pairs.rows += 1;
  pairs.chosenChars += chosen;
  pairs.rejectedChars += rejected;
  if (chosen > rejected) pairs.chosenLonger += 1;
  if (rejected > chosen) pairs.rejectedLonger += 1;
}

function content(turns: Message[]): string {
  return turns.map((turn) => turn.content).join("\n");
}

type Scalar = string | number | boolean | null;

function flatObject(text: string): Record<string, Scalar> | null {
  if (!text.trimStart().startsWith("{")) return null;
  try {
    const value: object = JSON.parse(text);
    const isFlat = Object.values(value).every((each) => typeof each !== "object" || each === null);
    return isFlat ? (value as Record<string, Scalar>) : null;
  } catch {
    return null;
  }
}
