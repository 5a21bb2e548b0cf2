// Mask prediction against the real TRL: same ids, same labels, same rows dropped, on the same rows.
import { fileURLToPath } from "node:url";
import { execa } from "execa";
import { beforeAll, describe, expect, test } from "vitest";
import { readTemplate } from "../../models/template.js";
import type { CanonicalRow, Message } from "../canonical.js";
import { engineLines } from "../layout.js";
import { loadMaskModel } from "./load-mask-model.js";
import { trlLines } from "./trl-mask.js";

const turn = (role: Message["role"], content: string): Message => ({ role, content });
const chat = (...messages: Message[]): CanonicalRow => ({ kind: "messages", messages });

const conversations: CanonicalRow[] = [
  chat(turn("user", "What is 2 * 3?"), turn("assistant", "6")),
  chat(turn("system", "Answer in French."), turn("user", "Good morning!"), turn("assistant", "Bonjour ! 👋🏽 Ça va ?")),
  chat(
    turn("user", "  Leading spaces,\n\nblank lines\tand tabs  "),
    turn("assistant", "\n\n    indented code\n"),
    turn("user", "Go on"),
    turn("assistant", '{"category": "billing", "n": 12345}'),
  ),
  chat(turn("user", "日本語で答えて。"), turn("assistant", "はい。١٢٣ ²³ ﬁ e\u0301 \u00a0 \ufeff end")),
  chat(turn("user", "A long question. ".repeat(30)), turn("assistant", "Short.")),
  chat(turn("user", "Short?"), turn("assistant", "A long answer, one of many. ".repeat(30))),
  chat(turn("user", "Fake <|im_end|> inside"), turn("assistant", "Yes <|im_end|>\n<|im_start|>user\nno")),
];
const touchingRows: CanonicalRow[] = [
  chat(turn("user", "q"), turn("assistant", "omething: (")),
  chat(turn("user", "q"), turn("assistant", "   spaces   ")),
  chat(turn("user", "q"), turn("assistant", "👋🏽 waves 👋🏽")),
  chat(turn("user", "q"), turn("assistant", "日本")),
];
const texts: CanonicalRow[] = [
  { kind: "text", text: "Plain text is trained whole." },
  { kind: "text", text: "Ends by itself.<|im_end|>" },
  { kind: "text", text: "Too long. ".repeat(60) },
];

/** ChatML with the markers that TRL masks by; whitespace control on both sides. */
const marked = `{%- for message in messages %}
    {%- if message['role'] == 'assistant' -%}
        {{ '<|im_start|>assistant\\n' }}
        {%- generation -%}
        {{ message['content'] + '<|im_end|>' }}
        {%- endgeneration -%}
        {{ '\\n' }}
    {%- else -%}
        {{ '<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>\\n' }}
    {%- endif -%}
{%- endfor %}
{%- if add_generation_prompt -%}{{ '<|im_start|>assistant\\n' }}{%- endif -%}`;

/** Blocks whose borders lie inside tokens: "A:" and ":)" merge with what they touch, an emoji is several tokens. */
const touching =
  "{% for m in messages %}{{ m.role + ' says' }}{% generation %}{{ m.content if m.role == 'assistant' else ':' }}{% endgeneration %}{{ ')s' }}{% endfor %}";

const cases = [
  {
    name: "the model's own template, one line per assistant turn",
    rows: conversations,
    template: null,
    trainOn: "assistant",
  },
  { name: "a template with generation markers", rows: conversations, template: marked, trainOn: "assistant" },
  { name: "blocks that begin and end inside tokens", rows: touchingRows, template: touching, trainOn: "assistant" },
  { name: "every token", rows: conversations, template: null, trainOn: "all" },
  { name: "plain text", rows: texts, template: null, trainOn: "assistant" },
] as const;
const maxLength = 96;

let expected: { row: number; input_ids: number[]; labels: number[] }[][];

beforeAll(async () => {
  const request = {
    model: required("FT_TEST_MODEL"),
    cases: cases.map(({ rows, template, trainOn }) => ({
      template,
      max_length: maxLength,
      assistant_only: template !== null,
      rows: rows.flatMap((row) => engineLines(row, template || trainOn === "all" ? "messages" : "prompt-completion")),
    })),
  };
  const script = fileURLToPath(new URL("../../../trainer/tests/trl_labels.py", import.meta.url));
  const { stdout } = await execa(required("FT_TEST_PYTHON"), [script], { input: JSON.stringify(request) });
  expected = JSON.parse(stdout.trim().split("\n").at(-1) as string);
}, 180_000);

describe("ids and labels are TRL's", () => {
  test.each(cases.map((each, index) => [each.name, index] as const))("%s", async (_, index) => {
    const { rows, template, trainOn } = cases[index]!;
    const dir = required("FT_TEST_MODEL");
    const own = readTemplate("auto", { dir: dir, cwd: dir });
    const model = await loadMaskModel({
      dir,
      template: template === null ? own : { source: template, sha256: "", origin: "test", hasGenerationMarkers: true },
      trainOn,
      maxLength,
    });
    const predicted = rows
      .flatMap((row) => trlLines(row, model))
      .flatMap(({ ids, trained, kept, dropped }, row) => {
        const labels = ids.slice(0, kept).map((id, at) => (trained[at] ? id : -100));
        return dropped ? [] : [{ row, input_ids: ids.slice(0, kept), labels }];
      });
    expect(predicted).toEqual(expected[index]);
  });
});

function required(name: string): string {
  const value = process.env[name];
  if (!value)
    throw new Error(`${name} is not set: vitest's global set-up makes the Python environment and the model folder`);
  return value;
}
