// PREF: pairs of a better and a worse answer, and answers labelled good or bad.
import type { RuleTable } from "./rule.js";

const better = { prompt: "q", chosen: "good", rejected: "bad" };
const rated = (prompt: string, completion: string, label: boolean) => ({ prompt, completion, label });
const many = <T>(count: number, row: (at: number) => T): T[] => Array.from({ length: count }, (_, at) => row(at));
const words = (count: number) => many(count, (at) => `word${at}`).join(" ");

export const prefRules = {
  PREF001: {
    severity: "warning",
    title: "chosen and rejected are the same",
    why: "Both get the same probability, whatever the model does: the loss has no gradient.",
    fix: "remove the row: nothing can be learnt from it",
    bad: { train: [better, { ...better, rejected: "good" }] },
    good: { train: [better] },
  },
  PREF002: {
    severity: "warning",
    title: "all answers have one label",
    why: "The model learns to raise (or to lower) everything: nothing says what to prefer.",
    fix: "add answers of the other kind: without them nothing says what to prefer",
    bad: { train: [rated("q", "a", true), rated("q", "b", true)] },
    good: { train: [rated("q", "a", true), rated("q", "b", false)] },
  },
  PREF003: {
    severity: "warning",
    title: "pair that another row turns round",
    why: "One row prefers the answer that the other rejects, to the same prompt: they cancel out, and one of them is wrong.",
    fix: "decide which answer is better, and remove the other row",
    bad: { train: [better, { prompt: "q", chosen: "bad", rejected: "good" }] },
    good: { train: [better, { prompt: "q", chosen: "best", rejected: "good" }] },
  },
  PREF004: {
    severity: "warning",
    title: "the chosen answer is nearly always the longer one",
    why: "The model learns that long is good: length explains most of such a preference (Singhal et al. 2023, arXiv 2310.03716; Park et al. 2024, arXiv 2403.19159).",
    fix: "balance the lengths of the pairs, or use an objective that takes length out: simpo, or orpo",
    bad: { train: many(60, (at) => ({ prompt: `p${at}`, chosen: words(30 + at), rejected: `short ${at}` })) },
    good: {
      train: many(60, (at) => ({
        prompt: `p${at}`,
        chosen: at % 2 ? words(30 + at) : `short ${at}`,
        rejected: at % 2 ? `short ${at}` : words(30 + at),
      })),
    },
  },
  PREF005: {
    severity: "warning",
    title: "good and bad answers far from balance",
    why: "KTO weighs both sides alike: with few of one kind their gradient drowns. TRL asks for a ratio of the weighted counts between 1:1 and 4:3.",
    fix: "add answers of the rarer kind, or take the others less often (weight in data.train)",
    bad: { train: many(60, (at) => rated(`p${at}`, `a${at}`, at > 2)) },
    good: { train: many(60, (at) => rated(`p${at}`, `a${at}`, at % 2 === 0)) },
  },
  PREF006: {
    severity: "warning",
    title: "answer that is the prompt",
    why: "An answer that repeats its prompt comes from a column mixed up, and teaches to echo (chosen) or that any echo is bad (rejected).",
    fix: "look which column was read, and mend or remove the row",
    bad: { train: [{ prompt: "Name a colour of the sea.", chosen: "Blue.", rejected: "Name a colour of the sea." }] },
    good: { train: [{ prompt: "Name a colour of the sea.", chosen: "Blue.", rejected: "Red." }] },
  },
  PREF007: {
    severity: "warning",
    title: "answer labelled both good and bad",
    why: "The same answer to the same prompt is pushed up by one row and down by another: they cancel out.",
    fix: "decide which label is right, and remove the other row",
    bad: { train: [rated("q", "a", true), rated("q", "a", false)] },
    good: { train: [rated("q", "a", true), rated("q", "b", false)] },
  },
} satisfies RuleTable;
