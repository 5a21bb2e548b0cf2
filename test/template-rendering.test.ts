// Chat templates render as transformers renders them: the same text, the same {% generation %} spans, the same refusals.
import { expect, test } from "vitest";
import { conversations, specialTokens } from "./chat-conversations.js";
import { agrees, renderHere, renderInPython, templateCorpora } from "./python-templates.js";
import { randomTemplate, randomVariables } from "./random-template.js";

test("every template of llama.cpp, TRL and Axolotl on every conversation", { timeout: 900_000 }, async () => {
  const corpora = await templateCorpora();
  const sizes = Object.entries(corpora).map(([name, templates]) => [name, Object.keys(templates).length]);
  expect(Object.fromEntries(sizes)).toEqual({ "llama.cpp": 70, trl: 72, axolotl: 36 });
  const templates = Object.fromEntries(
    Object.entries(corpora).flatMap(([corpus, files]) =>
      Object.entries(files).map(([name, source]) => [`${corpus}/${name}`, source]),
    ),
  );
  const python = await renderInPython(templates, conversations, specialTokens);
  const unequal = Object.entries(templates).flatMap(([id, source]) => {
    const render = renderHere(source, specialTokens);
    return conversations.flatMap((chat, at) => {
      const [ours, theirs] = [render(chat), python.get(id)![at]!];
      return agrees(ours, theirs) ? [] : [{ id, conversation: chat.name, ours, theirs }];
    });
  });
  expect(unequal).toEqual([]);
});

/** Of the seeds from 0; more of them have been compared when something changed. */
const randomTemplates = 2500;

test("random small templates over random values", { timeout: 900_000 }, async () => {
  const chat = {
    messages: [{ role: "user" as const, content: "x" }],
    options: { addGenerationPrompt: false, chat_template_kwargs: randomVariables },
  };
  const seeds = Array.from({ length: randomTemplates }, (_, seed) => String(seed));
  const templates = Object.fromEntries(seeds.map((seed) => [seed, randomTemplate(Number(seed))]));
  const python = await renderInPython(templates, [chat], {});
  let unknown = 0;
  const unequal = seeds.flatMap((seed) => {
    const [ours, theirs] = [renderHere(templates[seed]!, {})(chat), python.get(seed)![0]!];
    if (!("text" in ours) && ours.type === "template.unsupported") unknown += 1;
    else if (!agrees(ours, theirs)) return [{ template: templates[seed], ours, theirs }];
    return [];
  });
  expect(unequal).toEqual([]);
  // Complex numbers, addresses, chance: said, not guessed.
  expect(unknown / randomTemplates).toBeLessThan(0.04);
});
