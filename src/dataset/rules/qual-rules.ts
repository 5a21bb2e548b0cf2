// QUAL: answers that nobody would want a model to give: refusals, placeholders, loops, cut ends, leftovers of markup.
import { chat, type RuleTable } from "./rule.js";

const many = <T>(count: number, row: (at: number) => T): T[] => Array.from({ length: count }, (_, at) => row(at));
const fine = chat("What is the capital of Norway?", "Oslo is the capital of Norway.");
const essay = (at: number) =>
  `Number ${at} of these texts tells of a town by the sea, of its harbour and the people who live there. ${"They fish in summer and mend their nets in winter, as they have always done. ".repeat(3).trim()}`;
const places = ["Oslo", "Bergen", "Tromsø", "Bodø", "Narvik", "Hamar", "Molde", "Alta", "Vardø", "Larvik"];
const question = (at: number) => `What is special about ${places[at % 10]}, answer ${at}?`;
const russian = [
  "Привет, расскажи мне о городе номер",
  "Это старый город на берегу моря, там живут рыбаки и моряки, всего их",
] as const;

export const qualRules = {
  QUAL001: {
    severity: "warning",
    title: "answer of another model's, about itself",
    why: '"As an AI language model ..." and the like come from the model that wrote the data: yours learns to refuse, and to call itself another.',
    fix: "remove the row, or write the answer that you want",
    bad: { train: [chat("Who won?", "As an AI language model, I cannot browse the internet.")] },
    good: { train: [fine] },
  },
  QUAL002: {
    severity: "warning",
    title: "placeholder in the answer",
    why: "The model learns to hand out forms that are not filled in.",
    fix: "fill it in, or remove the row",
    bad: { train: [chat("Write a greeting.", "Lorem ipsum dolor sit amet, consectetur adipiscing elit.")] },
    good: { train: [fine] },
  },
  QUAL003: {
    severity: "warning",
    title: "answer that repeats the question",
    why: "The model learns to echo.",
    fix: "look which column was read, and mend or remove the row",
    bad: { train: [chat("Name a colour of the sea.", "Name a colour of the sea.")] },
    good: { train: [fine] },
  },
  QUAL004: {
    severity: "warning",
    title: "code block that is never closed",
    why: "The answer was cut, by a token limit most likely: the model learns to stop in the middle.",
    fix: "complete the answer, or remove the row",
    bad: { train: [chat("Print 1.", "Here it is:\n```python\nprint(1)\nprint(")] },
    good: { train: [chat("Print 1.", "Here it is:\n```python\nprint(1)\n```")] },
  },
  QUAL005: {
    severity: "warning",
    title: "answer that goes in circles",
    why: "The same words over and over are how a model's own bad generations look; learnt, they make its next ones loop too.",
    fix: "remove the row, or cut the answer where it begins to repeat itself",
    bad: {
      train: [chat("Tell me of Oslo.", `Oslo lies on a fjord. ${"It is a very nice city and I like it. ".repeat(12)}`)],
    },
    good: { train: [fine] },
  },
  QUAL006: {
    severity: "info",
    title: "remains of markup in the answer",
    why: "Tags and entities left over from a web page are learnt as if they were language.",
    fix: "clean the text, or render it as Markdown",
    bad: { train: [chat("Tell me of Oslo.", "<p>Oslo is the capital&nbsp;of Norway.</p><br/>")] },
    good: { train: [chat("How do I write a paragraph in HTML?", "Like this: <p>text</p>")] },
  },
  QUAL007: {
    severity: "warning",
    title: "answer in another script than its question, unlike the rest",
    why: "In nearly all rows question and answer share a script: the model learns to change the language for no reason.",
    fix: "translate the answer, or remove the row; if it is meant, say in the question which language is wanted",
    bad: {
      train: [
        ...many(30, (at) => chat(`${russian[0]} ${at}`, `${russian[1]} ${at}`)),
        chat(`${russian[0]} 99`, "It is an old town on the sea, and fishermen live there."),
      ],
    },
    good: { train: many(31, (at) => chat(`${russian[0]} ${at}`, `${russian[1]} ${at}`)) },
  },
  QUAL008: {
    severity: "warning",
    title: "answer cut in the middle of a sentence, unlike the rest",
    why: "Nearly all long answers end with a full stop, these in the middle of a sentence: they were cut, and teach to stop too early.",
    fix: "complete the answer, or remove the row",
    bad: {
      train: [
        ...many(60, (at) => chat(question(at), essay(at))),
        chat("And Vadsø?", `${essay(99).slice(0, -1)} and when the ice comes then all of`),
      ],
    },
    good: { train: many(61, (at) => chat(question(at), essay(at))) },
  },
  QUAL009: {
    severity: "warning",
    title: "answer without a letter or digit",
    why: "Only punctuation: what was to be the answer got lost.",
    fix: "fill it in, or remove the row",
    bad: { train: [chat("Why?", "...")] },
    good: { train: [chat("Are you well?", "👍")] },
  },
  QUAL010: {
    severity: "warning",
    title: "answer that is no JSON, unlike the rest",
    why: "Nearly all answers are JSON; one that does not parse teaches the model to break the format that its readers rely on.",
    fix: "mend the answer",
    bad: {
      train: [
        ...many(30, (at) => chat(question(at), `{"place": "${places[at % 10]}", "n": ${at}}`)),
        chat("And Vadsø?", '{"place": "Vadsø", "n": }'),
      ],
    },
    good: { train: many(31, (at) => chat(question(at), `{"place": "${places[at % 10]}", "n": ${at}}`)) },
  },
  QUAL011: {
    severity: "info",
    title: "most answers begin with the same words",
    why: "The model learns the phrase before all else, and says it whatever is asked.",
    fix: "cut the phrase from the answers, unless it is wanted",
    bad: {
      train: many(120, (at) =>
        chat(question(at), `Sure, I can help with that! Here is answer ${at}: ${places[at % 10]}.`),
      ),
    },
    good: {
      train: many(120, (at) =>
        chat(question(at), `${places[at % 10]} is number ${at}, and then comes ${places[(at + 3) % 10]}.`),
      ),
    },
  },
  QUAL012: {
    severity: "warning",
    title: "another turn inside the answer",
    why: '"### Instruction:", "Human:", or "User:" with an "Assistant:" after it, at the beginning of a line is the next turn of another prompt format: the model learns to go on with the user\'s part.',
    fix: "cut the answer before it, or split the row into turns",
    bad: { train: [chat("Name a city.", "Oslo.\n\n### Instruction:\nName a river.\n\n### Response:\nAkerselva.")] },
    good: { train: [fine] },
  },
  QUAL013: {
    severity: "warning",
    title: "thinking that is never closed, or never opened",
    why: "A lone <think> or </think> teaches the model to answer inside its thoughts, where nobody sees it.",
    fix: "add the missing tag, or remove the other",
    bad: { train: [chat("What is 2 * 3?", "<think>2 * 3 is 3 + 3. It is 6.")] },
    good: { train: [chat("What is 2 * 3?", "<think>3 + 3</think>6")] },
  },
} satisfies RuleTable;
