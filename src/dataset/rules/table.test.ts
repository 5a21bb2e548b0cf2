// Every rule of the table: its bad example breaks it, its good one does not, through the whole check.
import { describe, expect, test } from "vitest";
import { families, ruleIds, rules } from "../rules.js";
import { checkExample } from "./check-example.js";

const found = ruleIds.flatMap((id) => {
  const { bad, good } = rules[id];
  return bad && good ? [{ id, bad, good }] : [];
});

describe.each(found)("$id", ({ id, bad, good }) => {
  test("finds its bad example", async () => {
    const report = await checkExample(bad);
    expect(report.counts).toHaveProperty(id);
    const finding = report.findings.find((each) => each.rule === id);
    expect(finding).toMatchObject({ message: expect.any(String), fix: expect.any(String), line: expect.any(Number) });
  });

  test("passes its good example", async () => {
    const report = await checkExample(good);
    expect(report.counts).not.toHaveProperty(id);
  });
});

test("only what a run tells has no example", () => {
  expect(ruleIds.filter((id) => rules[id].bad === null)).toEqual(["TOK007"]);
});

test("each rule belongs to a family, says why it matters and how to mend it", () => {
  for (const id of ruleIds) {
    expect(Object.keys(families)).toContain(id.replace(/\d{3}$/, ""));
    expect(rules[id].why).toMatch(/^[A-Z"].{20,}[.)]$/s);
    expect(rules[id].fix).toMatch(/^[a-z`].{5,}[^.]$/);
  }
});
