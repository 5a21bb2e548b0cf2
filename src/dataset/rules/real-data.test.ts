// What real data sets taught: findings that a person judged false on reading them, each by its rule, and the like that stay true.
import { describe, expect, test } from "vitest";
import { checkExample } from "./check-example.js";
import { chat, type ExampleLine } from "./rule.js";

const latex = "Lorem ipsum is only filler here:\n```latex\n\\section{A}\nLorem ipsum dolor sit amet.\n```\nReplace it.";
const example =
  "In LaTeX:\n```\n\\begin{document}\nLorem ipsum dolor sit amet.\n\\end{document}\n```\nThen run it twice.";
const form = "Customer Service Interaction Template:\nDate: [insert date]\nName: [insert name]";
const networks = "Google has 8.8.4.0/24, 34.64.0.0/10 and 35.192.0.0/12.";
const tool = (type: string) => ({
  ...chat("Area?", "Of what?"),
  tools: [{ type: "function", function: { name: "area", parameters: { type, properties: {} } } }],
});
const long = "many words ".repeat(40);

const cases: { rule: string; from: string; isFalse: ExampleLine; isTrue: ExampleLine; template?: "own" }[] = [
  { rule: "QUAL002", from: "glaive_toolcall_zh", isFalse: chat("LaTeX?", example), isTrue: chat("LaTeX?", latex) },
  {
    rule: "QUAL002",
    from: "alpaca_en",
    isFalse: chat("Generate an appropriate template to describe a customer service interaction", form),
    isTrue: chat("Describe a customer service interaction", form),
  },
  {
    rule: "QUAL002",
    from: "identity, whose names are to be filled in first",
    isFalse: chat("How does Jinja print a name?", "With two braces:\n```\nHello {{ name }}\n```\nThat is all."),
    isTrue: chat("Who are you?", "I am {{name}}, an AI assistant developed by {{author}}."),
  },
  {
    rule: "PII006",
    from: "reason_tool_use",
    isFalse: chat("Whose?", networks),
    isTrue: chat("Whose?", "It is 34.64.12.9/x."),
  },
  {
    rule: "PII006",
    from: "BFCL",
    isFalse: chat("The IP 98.76.54.32?", "No."),
    isTrue: chat("The IP 145.34.45.56?", "No."),
  },
  {
    rule: "PII001",
    from: "dpo_zh, alpaca_en",
    isFalse: chat("a@d.co or x@example-domain.com?", "a@d.co"),
    isTrue: chat("jonathan.senning@gordon.edu?", "Yes."),
  },
  {
    rule: "TOK003",
    from: "c4, wiki: a text that is cut has no answer whose end is lost",
    isFalse: { text: long },
    isTrue: chat("q", long),
    template: "own",
  },
];

describe.each(cases)("$rule, $from", ({ rule, isFalse, isTrue, template }) => {
  test.each([
    ["is false", isFalse, false],
    ["is true", isTrue, true],
  ])("%s of %j", async (_, row, isFound) => {
    const { counts } = await checkExample({ train: [row], ...(template && { template }) });
    expect(counts[rule as keyof typeof counts] !== undefined).toBe(isFound);
  });
});

test("QUAL007, glaive_toolcall_zh: few words of the asker's language before a long text in another are no other script", async () => {
  const rows = Array.from({ length: 40 }, (_, n) =>
    chat(`第${n}个问题是什么，请你回答我？`, `这是第${n}个问题的回答，它已经足够长了，谢谢你。`),
  );
  const text = "Our team has three marketing strategies for your small business, and each of them is new. ".repeat(4);
  const answer = "与当地影响者合作，并向他们提供免费的产品或服务，以换取他们发布关于您业务的帖子。";
  const follows = await checkExample({
    train: [...rows, chat(`头脑风暴3种创意营销策略为小型企业\n\n${text}`, answer)],
  });
  expect(follows.counts).not.toHaveProperty("QUAL007");
  const strays = await checkExample({ train: [...rows, chat(text, answer)] });
  expect(strays.counts).toHaveProperty("QUAL007");
});

test("TOOL008, BFCL: the message says what JSON Schema calls the type", async () => {
  const { findings } = await checkExample({ train: [tool("dict")] });
  expect(findings.find(({ rule }) => rule === "TOOL008")!.message).toMatch(
    /type is "dict", which JSON Schema calls "object"$/,
  );
});
