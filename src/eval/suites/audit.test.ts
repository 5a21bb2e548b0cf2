// Which items of a suite are found in training rows, and how alike they have to be.
import { expect, it } from "vitest";
import type { CanonicalRow, Message } from "../../dataset/canonical.js";
import { auditSuites } from "./audit.js";
import type { SuiteItem } from "./suite-items.js";

const user = (content: string): Message => ({ role: "user", content });
const question = "Which of the two lamps in room twelve is broken since Monday, and who should mend it this week?";
const items = ["1", "2", "3"].map(
  (item, index): SuiteItem => ({
    ...{
      item,
      file: "suite.jsonl",
      line: index + 1,
      reference: "x",
      fields: {},
      slice: {},
      cluster: null,
      inputSha256: item,
    },
    messages: [{ role: "system", content: "Be brief." }, user(`${question} Ticket ${item}.`)],
  }),
);

it.each<[string, CanonicalRow, string | null]>([
  ["the same question with another answer", answered(`${question} Ticket 1.`), "exact"],
  ["the same but for case and spaces", answered(` ${question.toUpperCase()}  ticket 1.`), "normalised"],
  ["nearly the same", answered(`${question} Ticket 1. Thank you very much.`), "near"],
  [
    "in an earlier turn of a conversation",
    { kind: "messages", messages: [...turns(`${question} Ticket 1.`), ...turns("And now?")] },
    "exact",
  ],
  ["as plain text", { kind: "text", text: `${question} Ticket 1.` }, "exact"],
  [
    "as the prompt of a pair",
    { kind: "preference", prompt: [user(`${question} Ticket 1.`)], chosen: [], rejected: [] },
    "exact",
  ],
  ["another question", answered("How do I change the address to which my next order will be sent, please?"), null],
])("%s", (_, row, how) => {
  const audit = auditSuites([{ name: "s", items }]);
  audit.see(row, { file: "train.jsonl", line: 7 });
  const found = audit.found().filter(({ item }) => item === "1");
  expect(found.map((one) => [one.how, one.row])).toEqual(how === null ? [] : [[how, { file: "train.jsonl", line: 7 }]]);
});

it("keeps the closest row of each item", () => {
  const audit = auditSuites([{ name: "s", items }]);
  for (const [line, text] of [
    `${question} Ticket 2. Thanks.`,
    `${question} Ticket 2.`,
    `${question} ticket 2.`,
  ].entries()) {
    audit.see(answered(text), { file: "train.jsonl", line });
  }
  const second = audit.found().find(({ item }) => item === "2");
  expect(second).toMatchObject({ how: "exact", similarity: 1, line: 2, row: { line: 1 } });
});

function turns(content: string): Message[] {
  return [user(content), { role: "assistant", content: "Somebody." }];
}

function answered(content: string): CanonicalRow {
  return { kind: "messages", messages: turns(content) };
}
