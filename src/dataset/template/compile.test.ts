// Chat templates render as Python's Jinja renders them where the library alone would not.
import { expect, test } from "vitest";
import { compileTemplate, TemplateRefusal } from "./compile.js";

const messages = [
  { role: "user" as const, content: "q" },
  { role: "assistant" as const, content: "\n\n  indented\n" },
];

function render(source: string) {
  return compileTemplate(source, { bos_token: "<s>", eos_token: "</s>" })(messages, { addGenerationPrompt: false });
}

test.each([
  ["{{ messages[1].content.lstrip('\\n') }}", "  indented\n"],
  ["{{ messages[1].content.rstrip('\\n') }}", "\n\n  indented"],
  ["{{ messages[1].content.strip('\\n').strip() }}", "indented"],
  ["{{ ('a' + messages[1].content.split('in')[-1].rstrip('\\n')).strip('ad') }}", "ente"],
  ["{{ bos_token }}{{ messages[0]['content'] }}{{ eos_token }}", "<s>q</s>"],
  ["{% if tools is none and not add_generation_prompt %}plain{% endif %}", "plain"],
])("%s", (source, text) => {
  expect(render(source).text).toBe(text);
});

test("tells the characters inside generation blocks, and keeps their whitespace control", () => {
  const source =
    "{% for m in messages %}[{% generation %}{{ m.role }}{% endgeneration %}\n] {%- generation -%} x {%- endgeneration -%} .\n{% endfor %}";
  const { text, generated } = render(source);
  expect(text).toBe("[user]x.\n[assistant]x.\n");
  expect(generated.map(([start, end]) => text.slice(start, end))).toEqual(["user", "x", "assistant", "x"]);
});

test("what a template raises is the row's fault; what is no template is the template's", () => {
  expect(() => render("{{ raise_exception('no system turns') }}")).toThrow(TemplateRefusal);
  expect(() => render("{% if %}")).toThrow(expect.objectContaining({ code: "template.invalid", exit: "recipe" }));
});
