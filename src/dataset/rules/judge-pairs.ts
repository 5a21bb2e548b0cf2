// PREF: what a pair or a labelled answer shows by itself, and what all of them together show.
import type { CanonicalRow, Finding, Message, RowPlace } from "../canonical.js";
import { looseDigest, rowDigest } from "../canonical-key.js";
import type { RowIndex } from "../row-index.js";
import { type RowProblem, toFinding } from "../rules.js";

export interface PairRules {
  /** @param seen the training rows before this one */
  see(row: CanonicalRow, place: RowPlace, seen: RowIndex): RowProblem[];
  finish(): Finding[];
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
    see(row, place, seen) {
      if (row.kind === "preference") {
        first ??= place;
        const [chosen, rejected] = [lengthOf(row.chosen), lengthOf(row.rejected)];
        if (chosen > rejected) pairs.longer += 1;
        if (chosen < rejected) pairs.shorter += 1;
        pairs.chosen += chosen;
        pairs.rejected += rejected;
        return [
          ...echoes(row.prompt, row.chosen, "chosen"),
          ...echoes(row.prompt, row.rejected, "rejected"),
          ...turnedRound(row, place, seen),
        ];
      }
      if (row.kind !== "unpaired") return [];
      first ??= place;
      labels[row.label ? "good" : "bad"] += 1;
      const other = opposite({ ...row, label: !row.label }, place, seen);
      const problems = echoes(row.prompt, row.completion, "labelled");
      return other
        ? [...problems, { rule: "PREF007", message: `${other} labels the same answer ${!row.label}` }]
        : problems;
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

function turnedRound(
  row: Extract<CanonicalRow, { kind: "preference" }>,
  place: RowPlace,
  seen: RowIndex,
): RowProblem[] {
  const other = opposite({ ...row, chosen: row.rejected, rejected: row.chosen }, place, seen);
  return other ? [{ rule: "PREF003", message: `${other} prefers the answer that is rejected here` }] : [];
}

/** Where such a row is, as a finding says it. */
function opposite(row: CanonicalRow, place: RowPlace, seen: RowIndex): string | null {
  const other = seen.find(looseDigest(row), rowDigest(row))?.place;
  if (!other || (other.file === place.file && other.line === place.line)) return null;
  return other.file === place.file ? `line ${other.line}` : `${other.file}:${other.line}`;
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
