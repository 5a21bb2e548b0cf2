// One row with a weight changes how TRL gets all of them.
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { collectStats } from "../stats/collect-stats.js";

const source =
  "{% for m in messages %}<|im_start|>{{ m.role }}\n{% if m.role == 'assistant' %}{% generation %}{{ m.content }}<|im_end|>\n{% endgeneration %}{% else %}{{ m.content }}<|im_end|>\n{% endif %}{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}";
const model = {
  dir: process.env.FT_TEST_MODEL as string,
  template: { source, sha256: "", origin: "test", hasGenerationMarkers: true },
  maxLength: 256,
  trainOn: "assistant",
  engine: "trl",
} as const;
const turns = ["Where is it?", "In the box.", "And the key?", "Under the mat."];
const chat = (weights: (0 | undefined)[]) => ({
  messages: turns.map((content, at) => ({
    role: at % 2 ? "assistant" : "user",
    content,
    ...(weights[at] === 0 && { weight: 0 }),
  })),
});

test.each([
  ["whole conversations where no turn has a weight", [chat([]), chat([])], 2],
  ["a sequence an assistant turn where one has", [chat([]), chat([undefined, 0])], 3],
])("%s", async (_, rows, sequences) => {
  const dir = mkdtempSync(join(tmpdir(), "ft-weights-"));
  writeFileSync(join(dir, "rows.jsonl"), rows.map((row) => `${JSON.stringify(row)}\n`).join(""));
  const pass = await collectStats({
    ...{ dir, train: [{ path: "rows.jsonl", format: "auto", weight: 1 }], format: "auto", seed: 0, model },
  });
  expect(pass.result().tokens).toMatchObject({ sequences });
});
