// DUP and LEAK: rows that are there twice, and rows that are both trained on and judged by.
import { chat, type RuleTable } from "./rule.js";

const fine = chat("What is 2 * 3?", "6");
const poem =
  "The old lighthouse keeper counted every ship that passed the northern cape before the first storm of autumn came";

export const dupRules = {
  DUP001: {
    severity: "warning",
    title: "duplicate row",
    why: "It is learnt twice as strongly, and memorised sooner, than it was meant to be (Lee et al. 2022, arXiv 2107.06499).",
    fix: "remove it, unless it is meant to weigh more",
    mends: "keeps the first of them",
    bad: { train: [fine, chat("q", "a"), fine] },
    good: { train: [fine, chat("What is 2 * 3?", "six")] },
  },
  DUP002: {
    severity: "warning",
    title: "duplicate row but for case and spaces",
    why: "As a duplicate: the same thing is learnt twice.",
    fix: "remove it, unless it is meant to weigh more",
    bad: { train: [chat("Hello there", "Yes"), chat(" hello  THERE\n", "yes")] },
    good: { train: [chat("a b", "c"), chat("ab", "c")] },
  },
  DUP003: {
    severity: "info",
    title: "nearly the same as an earlier row",
    why: "Copies with a name or a number changed are learnt as often as they stand there, and crowd out what is rare (Lee et al. 2022, arXiv 2107.06499). Found by MinHash over runs of five words: half of the pairs that share two thirds of them, and nearly all that share nine tenths.",
    fix: "see whether so many are meant to be there: ft data dedupe writes the rows without them",
    bad: {
      train: [chat(`${poem}. Who is it about?`, "The keeper."), chat(`${poem}! Who is it about?`, "The keeper.")],
    },
    good: { train: [chat(`${poem}. Who is it about?`, "The keeper."), fine] },
  },
  DUP004: {
    severity: "info",
    title: "one prompt with several answers",
    why: "Answers that contradict each other cancel out; answers that differ in style teach to mix the styles.",
    fix: "keep the best answer, or make preference pairs of them",
    bad: {
      train: [
        chat("Which plan is the cheapest?", "The basic one."),
        chat("Which plan is the cheapest?", "The team plan."),
      ],
    },
    good: {
      train: [
        chat("Which plan is the cheapest?", "The basic one."),
        chat("Which plan is the largest?", "The team plan."),
      ],
    },
  },
  DUP005: {
    severity: "warning",
    title: "evaluation row is there twice",
    why: "It counts twice in the score, and the confidence interval is narrower than the number of different rows allows.",
    fix: "remove the copy",
    mends: "keeps the first of them",
    bad: { train: [fine], eval: [chat("q", "a"), chat("Q ", "a")] },
    good: { train: [fine], eval: [chat("q", "a"), chat("q", "b")] },
  },
} satisfies RuleTable;

export const leakRules = {
  LEAK001: {
    severity: "error",
    title: "evaluation row is also a training row",
    why: "The score on it measures memory, not skill: it goes up whatever else the training does.",
    fix: "remove it from one of the two: a score on trained rows says nothing",
    bad: { train: [fine], eval: [chat("q", "a"), chat("what is 2 * 3?", "6 ")] },
    good: { train: [fine], eval: [chat("q", "a")] },
  },
  LEAK002: {
    severity: "warning",
    title: "evaluation prompt is also a training prompt",
    why: "The model has seen the question with another answer: the score on it is not that of an unseen question.",
    fix: "keep all rows of a prompt on one side",
    bad: {
      train: [chat("Which plan is the cheapest?", "The basic one.")],
      eval: [chat("which plan is the  cheapest?", "Basic.")],
    },
    good: { train: [fine], eval: [chat("Which plan is the cheapest?", "Basic.")] },
  },
  LEAK003: {
    severity: "error",
    title: "training row holds an item of a benchmark",
    why: "A model that has seen the items scores higher on the benchmark than it is; the number can be published no more.",
    fix: "remove the row, or do not report this benchmark",
    bad: { train: [chat("Continue the story.", `Here it is: ${poem}, and then he slept.`)], against: [{ text: poem }] },
    good: { train: [chat("Continue the story.", "A ship came in at night.")], against: [{ text: poem }] },
  },
  LEAK004: {
    severity: "warning",
    title: "training row holds most of an evaluation row",
    why: "One of the two was made from the other (they share half of all runs of 13 words, or more): the score on it is not that of an unseen row.",
    fix: "remove one of the two, or keep rows of one source on one side",
    bad: {
      train: [chat("Continue the story.", `Here it is: ${poem}, and then he slept.`)],
      eval: [chat("Tell me a story.", `${poem}.`)],
    },
    good: {
      train: [chat("Continue the story.", "A ship came in at night.")],
      eval: [chat("Tell me a story.", `${poem}.`)],
    },
  },
  LEAK005: {
    severity: "warning",
    title: "items of a benchmark that are not looked for",
    why: "They are too short, or mostly numbers: that no row holds them was not seen, though nothing is told of it.",
    fix: "is it the right file, and the right column of it? Short items that are whole rows are found with --eval <file>",
    bad: { train: [fine], against: [{ question: "What is 2 * 3?", answer: 6 }] },
    good: { train: [fine], against: [{ text: poem }] },
  },
} satisfies RuleTable;
