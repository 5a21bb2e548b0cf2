// PREF: what a pair or a labelled answer shows by itself, and what all of them together show.
import type { CanonicalRow, Finding, Message, RowPlace } from "../canonical.js";
import { type RowProblem, toFinding } from "../rules.js";

export interface PairRules {
  add(pair: PairShape, place: RowPlace): void;
  finish(): Finding[];
}

/** What of one pair or labelled answer counts in the set: characters, or the label. */
export type PairShape = { chosen: number; rejected: number } | { label: boolean };

/** Null: the row is neither. */
export function pairShape(row: CanonicalRow): PairShape | null {
  if (row.kind === "preference") return { chosen: lengthOf(row.chosen), rejected: lengthOf(row.rejected) };
  return row.kind === "unpaired" ? { label: row.label } : null;
}

/** What a pair or a labelled answer shows by itself. */
export function judgePair(row: CanonicalRow): RowProblem[] {
  if (row.kind === "preference")
    return [...echoes(row.prompt, row.chosen, "chosen"), ...echoes(row.prompt, row.rejected, "rejected")];
  return row.kind === "unpaired" ? echoes(row.prompt, row.completion, "labelled") : [];
}

/** Fewer pairs than this show no bias. */
const enough = 50;
/** Of the pairs whose lengths differ: a share that chance, with both alike, reaches in fewer than one of a million sets of 50. */
const mostlyLonger = 0.85;
/** TRL's documentation asks for 1:1 to 4:3 (weighted); this far from it one side hardly counts. */
const unbalanced = 5;

export function pairRules(): PairRules {
  const pairs = { longer: 0, shorter: 0, chosen: 0, rejected: 0 };
  const labels = { good: 0, bad: 0 };
  let first: RowPlace | null = null;
  return {
    add(pair, place) {
      first ??= place;
      if ("label" in pair) {
        labels[pair.label ? "good" : "bad"] += 1;
        return;
      }
      if (pair.chosen > pair.rejected) pairs.longer += 1;
      if (pair.chosen < pair.rejected) pairs.shorter += 1;
      pairs.chosen += pair.chosen;
      pairs.rejected += pair.rejected;
    },
    finish() {
      if (!first) return [];
      const findings: Finding[] = [];
      const differ = pairs.longer + pairs.shorter;
      if (differ >= enough && pairs.longer / differ >= mostlyLonger) {
        const message = `chosen is the longer answer in ${percent(pairs.longer / differ)} of ${differ} pairs, ${(pairs.chosen / pairs.rejected).toFixed(1)} times as long on average`;
        findings.push(toFinding({ rule: "PREF004", message }, first));
      }
      const [few, many] = [Math.min(labels.good, labels.bad), Math.max(labels.good, labels.bad)];
      if (few > 0 && many >= enough && many / few >= unbalanced) {
        const message = `${labels.good} good and ${labels.bad} bad answers`;
        findings.push(toFinding({ rule: "PREF005", message }, first));
      }
      return findings;
    },
  };
}

function echoes(prompt: Message[], answer: Message[], name: string): RowProblem[] {
  const [question, text] = [prompt.at(-1)?.content.trim() ?? "", answer.at(-1)?.content.trim() ?? ""];
  if (question.length < 8 || question !== text) return [];
  return [{ rule: "PREF006", message: `the ${name} answer is the prompt's last turn again` }];
}

function lengthOf(answer: Message[]): number {
  return answer.reduce((sum, { content }) => sum + content.length, 0);
}

function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}
