// SCH: the shape of rows: format, roles, order, types, columns, and what an objective needs of them.
import { chat, type RuleTable } from "./rule.js";

const fine = chat("What is 2 * 3?", "6");
const turns = (...roles: string[]) => ({ messages: roles.map((role, at) => ({ role, content: `${role} ${at}` })) });
const better = { prompt: "q", chosen: "good", rejected: "bad" };

export const schRules = {
  SCH000: {
    severity: "error",
    title: "row format not recognised, or not that of the file",
    why: "A row that is read as something else than it is trains something else; the engine's loader takes one format a file.",
    fix: "give all rows of a file one format, one of docs/data.md (--format names it)",
    bad: { train: [fine, { text: "of another format" }] },
    good: { train: [fine, turns("user", "assistant")] },
  },
  SCH001: {
    severity: "error",
    title: "unknown role",
    why: "Templates render only the roles they know: the turn is dropped, or rendered as a role that the model never sees again.",
    fix: "use system, user, assistant or tool (sharegpt: system, human, gpt, observation)",
    bad: { train: [turns("user", "robot")] },
    good: { train: [turns("system", "user", "assistant")] },
  },
  SCH002: {
    severity: "error",
    title: "empty turn",
    why: "An empty answer teaches the model to answer with nothing; an empty question teaches it to answer out of the blue.",
    fix: "fill the turn in, or remove the row",
    mends: "removes empty turns at the end of a row, where an answer comes before them",
    bad: { train: [chat("What?", " \n")] },
    good: { train: [{ messages: [{ role: "system", content: "" }, ...fine.messages] }] },
  },
  SCH003: {
    severity: "error",
    title: "no assistant turn to learn from",
    why: "Loss is on the assistant's turns only: the row costs time and teaches nothing.",
    fix: "end the row with the answer that the model should give, or remove it",
    bad: { train: [turns("system", "user")] },
    good: { train: [fine] },
  },
  SCH004: {
    severity: "warning",
    title: "turns out of order",
    why: "Many templates refuse turns that do not alternate, others render them in a form that the model meets nowhere else.",
    fix: "let the system turn come first, then user and assistant alternate",
    bad: { train: [turns("user", "user", "assistant")] },
    good: { train: [turns("system", "user", "assistant", "user", "assistant")] },
  },
  SCH005: {
    severity: "warning",
    title: "row does not end with the assistant",
    why: "What follows the last answer carries no loss: it is computed and thrown away.",
    fix: "remove the trailing turns: nothing is learnt from them",
    bad: { train: [turns("user", "assistant", "user")] },
    good: { train: [turns("user", "assistant")] },
  },
  SCH006: {
    severity: "error",
    title: "holds what ft cannot train on yet",
    why: "Left out, the row would teach an answer to a question that the model cannot see.",
    fix: "write it as text in the turn's content, or remove it; ft drops nothing silently",
    bad: { train: [{ ...fine, images: ["a.png"] }] },
    good: { train: [{ ...fine, images: [] }] },
  },
  SCH007: {
    severity: "error",
    title: "value of the wrong type",
    why: 'The loader reads a column as one type: another type in one row stops it, or turns 3 into "3".',
    fix: "content is a string, or a list of text parts",
    bad: { train: [{ messages: [{ role: "user", content: 3 }] }] },
    good: { train: [chat("q", "3")] },
  },
  SCH008: {
    severity: "info",
    title: "columns that are not used",
    why: "A misspelt column is dropped without a word by every engine; here it is named.",
    fix: "nothing to do if they are meant for people",
    bad: { train: [fine, { ...chat("q", "a"), source: "web" }] },
    good: { train: [fine] },
  },
  SCH009: {
    severity: "error",
    title: "loss weight that no engine can keep",
    why: "Engines train a turn or leave it out; half a weight would be rounded without a word.",
    fix: "give a turn of the assistant's 0 (not learnt) or 1, or leave the flag out",
    bad: { train: [{ messages: [fine.messages[0], { ...fine.messages[1], weight: 0.5 }] }] },
    good: { train: [{ messages: [fine.messages[0], { ...fine.messages[1], weight: 1 }] }] },
  },
  SCH010: {
    severity: "error",
    title: "mapped column that the row does not have",
    why: "The recipe says that a column holds the text, but this row has no such column: there is nothing to learn.",
    fix: "correct data.columns (ft data check --columns), or give every row the column",
    bad: { train: [{ q: "2 * 3?", a: "6" }, { q: "2 * 3?" }], columns: { prompt: "q", completion: "a" } },
    good: { train: [{ q: "2 * 3?", a: "6" }], columns: { prompt: "q", completion: "a" } },
  },
  SCH013: {
    severity: "error",
    title: "prompt that asks nothing",
    why: "The answer would follow an answer, a system turn or nothing at all, which is not how the model is used.",
    fix: "let the prompt end with the turn that is to be answered: the user's or a tool's",
    bad: { train: [better, { ...better, prompt: [] }] },
    good: { train: [better] },
  },
  SCH015: {
    severity: "error",
    title: "rows that the objective cannot learn from",
    why: "Without the columns that its loss is made of the objective has nothing to compute.",
    fix: "give the columns that the objective needs (docs/data.md), or choose another objective",
    bad: { train: [fine], objective: "dpo" },
    good: { train: [better], objective: "dpo" },
  },
  SCH011: {
    severity: "warning",
    title: "column of several types",
    why: 'The engine\'s loader gives a column one type: it stops, or the reward functions get "4" where they expect 4.',
    fix: 'give it one type in all rows: the engine reads a column as one type, and "4" may become 4',
    bad: {
      train: [
        { prompt: "p", n: "4" },
        { prompt: "q", n: 4 },
      ],
    },
    good: {
      train: [
        { prompt: "p", n: 4 },
        { prompt: "q", n: null },
      ],
    },
  },
  SCH012: {
    severity: "error",
    title: "nothing is left to train on",
    why: "All rows are held out, or their weights take none of them.",
    fix: "raise the weights in data.train, or lower data.eval_fraction",
    bad: { train: [fine], weight: 1e-9 },
    good: { train: [fine] },
  },
  SCH014: {
    severity: "info",
    title: "column with one value",
    why: "A reward that reads the column gives every answer the same: it tells nothing about which one is better.",
    fix: "nothing to do if it is meant; else look whether the column was filled by mistake",
    bad: { train: Array.from({ length: 20 }, (_, at) => ({ prompt: `How many are ${at} and ${at}?`, answer: "4" })) },
    good: {
      train: Array.from({ length: 20 }, (_, at) => ({ prompt: `How many are ${at} and ${at}?`, answer: `${2 * at}` })),
    },
  },
} satisfies RuleTable;
