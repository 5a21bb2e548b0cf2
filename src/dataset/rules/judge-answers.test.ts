// QUAL012: where an answer goes on with the user's part.
import { expect, test } from "vitest";
import { judgeAnswer } from "./judge-answers.js";

const rulesOf = (text: string, question = "Name a city.") =>
  judgeAnswer({ at: "turn 2", text, bits: 0, question } as Parameters<typeof judgeAnswer>[0]).map(({ rule }) => rule);

test("User: and Assistant: after each other are another turn, User: alone is none, and neither is a dialogue that was asked for", () => {
  const goesOn = "Oslo.\nUser: And a river?\nAssistant: Akerselva.";
  expect(rulesOf(goesOn)).toContain("QUAL012");
  expect(rulesOf("The form has two lines.\nUser: your name\nPassword: your word")).toEqual([]);
  expect(rulesOf(goesOn, "Write a dialogue between a user and an assistant.")).toEqual([]);
});
