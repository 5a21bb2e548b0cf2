// Preference pairs, labelled answers and prompts, in every dialect that the field writes -> one canonical form each.
import { expect, test } from "vitest";
import type { CanonicalRow, Message } from "../canonical.js";
import type { RowProblem } from "../rules.js";
import type { FormatName, RawRow } from "./format.js";
import { recogniseRow, whyNotRecognised } from "./recognise.js";

function canonical(row: RawRow): { format: string | undefined; row: CanonicalRow | null; problems: RowProblem[] } {
  const problems: RowProblem[] = [];
  const format = recogniseRow(row);
  return { format: format?.name, row: format?.convert(row, (problem) => problems.push(problem)) ?? null, problems };
}

const turn = (role: Message["role"], content: string): Message => ({ role, content });
const [s, q, a, b] = [turn("system", "s"), turn("user", "q"), turn("assistant", "a"), turn("assistant", "b")];
const human = { from: "human", value: "q" };
const gpt = (value: string) => ({ from: "gpt", value });

const preferences: { dialect: string; row: RawRow; prompt?: Message[] }[] = [
  { dialect: "TRL, strings", row: { prompt: "q", chosen: "a", rejected: "b" } },
  { dialect: "TRL, messages", row: { prompt: [s, q], chosen: [a], rejected: [b] }, prompt: [s, q] },
  { dialect: "TRL, implicit prompt", row: { chosen: [s, q, a], rejected: [s, q, b] }, prompt: [s, q] },
  { dialect: "a prompt string, answers as messages", row: { prompt: "q", chosen: [a], rejected: [b] } },
  {
    dialect: "UltraFeedback: the prompt apart and in both conversations",
    row: { prompt: " q\n", messages: [q, a], chosen: [q, a], rejected: [q, b], score_chosen: 8 },
  },
  {
    dialect: "several turns shared",
    row: { chosen: [q, a, q, a], rejected: [q, a, q, b] },
    prompt: [q, a, q],
  },
  {
    dialect: "LLaMA-Factory, sharegpt",
    row: { conversations: [human], system: "s", chosen: gpt("a"), rejected: gpt("b") },
    prompt: [s, q],
  },
  {
    dialect: "LLaMA-Factory, alpaca",
    row: { instruction: "do", input: "this", system: "s", history: [["q", "a"]], chosen: "a", rejected: "b" },
    prompt: [s, q, a, turn("user", "do\nthis")],
  },
  {
    dialect: "LLaMA-Factory's newer files",
    row: {
      chosen_messages: [
        { role: "user", content: [{ type: "text", value: "q" }], loss_weight: 0 },
        { role: "assistant", content: [{ type: "text", value: "a" }], loss_weight: 1 },
      ],
      rejected_messages: [q, b],
    },
  },
  { dialect: "Axolotl, chat_template", row: { messages: [s, q], chosen: a, rejected: b }, prompt: [s, q] },
  { dialect: "Axolotl, intel", row: { system: "s", question: "q", chosen: "a", rejected: "b" }, prompt: [s, q] },
  { dialect: "Axolotl, argilla", row: { instruction: "q", chosen_response: "a", rejected_response: "b" } },
];

test.each(preferences)("preference: $dialect", ({ row, prompt = [q] }) => {
  expect(canonical(row)).toEqual({
    format: "preference",
    row: { kind: "preference", prompt, chosen: [a], rejected: [b] },
    problems: [],
  });
});

const labelled: { dialect: string; row: RawRow; label: boolean; prompt?: Message[] }[] = [
  { dialect: "TRL, strings", row: { prompt: "q", completion: "a", label: true }, label: true },
  { dialect: "TRL, messages", row: { prompt: [s, q], completion: [a], label: false }, label: false, prompt: [s, q] },
  { dialect: "LLaMA-Factory, messages", row: { messages: [q, a], label: false }, label: false },
  { dialect: "LLaMA-Factory, sharegpt", row: { conversations: [human, gpt("a")], kto_tag: true }, label: true },
  { dialect: "LLaMA-Factory, alpaca", row: { instruction: "q", output: "a", kto_tag: false }, label: false },
];

test.each(labelled)("unpaired: $dialect", ({ row, label, prompt = [q] }) => {
  expect(canonical(row)).toEqual({
    format: "unpaired",
    row: { kind: "unpaired", prompt, completion: [a], label },
    problems: [],
  });
});

test("prompts keep every other column for the reward functions", () => {
  const columns = { answer: 4, tests: ["f(1)"], meta: { level: "easy" }, label: false };
  const row: CanonicalRow = { kind: "prompt", prompt: [q], columns };
  expect(canonical({ prompt: "q", ...columns })).toEqual({ format: "prompt", row, problems: [] });
  expect(canonical({ prompt: [q], ...columns })).toEqual({ format: "prompt", row, problems: [] });
});

const others: { row: RawRow; format: FormatName }[] = [
  { row: { prompt: "q", completion: "a", label: "billing" }, format: "prompt-completion" },
  { row: { prompt: "q", messages: [q, a] }, format: "messages" },
  { row: { instruction: "q", output: "a", label: null }, format: "alpaca" },
];

test.each(others)(
  "$row is of format $format: a label for people, a prompt beside the conversation",
  ({ row, format }) => {
    expect(canonical(row)).toMatchObject({ format, row: { kind: "messages" } });
  },
);

test("a prompt that is not what both conversations begin with is told", () => {
  expect(canonical({ prompt: "other", chosen: [q, a], rejected: [q, b] })).toMatchObject({
    row: { prompt: [q] },
    problems: [{ rule: "SCH008", severity: "warning" }],
  });
});

test.each([
  [{ prompt: "q", chosen: "a", rejected: 3 }, "SCH007", `"rejected" is a number`],
  [{ prompt: "q", chosen: "a", rejected: [{ from: "robot", value: "b" }] }, "SCH001", `"robot" (in "rejected")`],
  [{ prompt: "q", chosen: "a", rejected: "b", images: ["a.png"] }, "SCH006", "images"],
  [{ prompt: "q", completions: ["a"] }, "SCH006", `"completions"`],
  [{ prompt: "q", answer: 1, tools: [{ type: "function" }] }, "SCH007", "without a name"],
])("a row with a mistake is still recognised, and the mistake told: %j", (row, rule, message) => {
  expect(canonical(row)).toMatchObject({ row: null, problems: [{ rule, message: expect.stringContaining(message) }] });
});

test("answers without any prompt are not guessed at", () => {
  expect(whyNotRecognised({ chosen: "a", rejected: "b" }, null)).toContain("without a prompt");
});
