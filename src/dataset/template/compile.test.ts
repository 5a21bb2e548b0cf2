// Chat templates are stopped where they would hurt, and say why they cannot be rendered. That they render as Python does is compared
// with Python itself in test/template-rendering.test.ts.
import { describe, expect, test } from "vitest";
import { Float } from "../json/json.js";
import { compileTemplate, TemplateRefusal } from "./compile.js";

const messages = [
  { role: "user" as const, content: "q" },
  { role: "assistant" as const, content: "\n\n  indented\n" },
];

function render(source: string, kwargs = {}) {
  const variables = { bos_token: "<s>", eos_token: "</s>" };
  return compileTemplate(source, variables)(messages, { addGenerationPrompt: false, chat_template_kwargs: kwargs });
}

test.each([
  ["{{ messages[1].content.lstrip('\\n') }}", "  indented\n"],
  ["{{ ('a' + messages[1].content.split('in')[-1].rstrip('\\n')).strip('ad') }}", "ente"],
  ["{{ bos_token }}{{ messages[0]['content'] }}{{ eos_token }}", "<s>q</s>"],
  ["{% if tools is none and not add_generation_prompt %}plain{% endif %}", "plain"],
  ["{{ x }} {{ x | tojson }}", "{'a': [1.0, None, True]} {\"a\": [1.0, null, true]}"],
  ["{{ -7 % 3 }} {{ -7 // 2 }} {{ 1 == '1' }} {{ 7 / 7 }}", "2 -4 False 1.0"],
])("%s", (source, text) => {
  expect(render(source, { x: { a: [new Float(1, "1.0"), null, true] } }).text).toBe(text);
});

test("tells the characters inside generation blocks, and keeps their whitespace control", () => {
  const source =
    "{% for m in messages %}[{% generation %}{{ m.role }}{% endgeneration %}\n] {%- generation -%} x {%- endgeneration -%} .\n{% endfor %}";
  const { text, generated } = render(source);
  expect(text).toBe("[user]x.\n[assistant]x.\n");
  expect(generated.map(([start, end]) => text.slice(start, end))).toEqual(["user", "x", "assistant", "x"]);
});

test("messages reach the template as transformers hands them on, reasoning under its second name too, without ft's weights", () => {
  const turn = { role: "assistant" as const, content: "a", reasoning_content: "r", weight: 0 as const };
  const render = compileTemplate("{{ messages[0] }}", {});
  const own = "'role': 'assistant', 'content': 'a', 'reasoning_content': 'r'}";
  expect(render([turn], { addGenerationPrompt: false }).text).toBe(`{'thinking': 'r', ${own}`);
  expect(render([turn], { addGenerationPrompt: false, aliasReasoning: false }).text).toBe(`{${own}`);
});

test("what a template raises is the row's fault, with the template's words", () => {
  expect(() => render("{{ raise_exception('no system turns') }}")).toThrow(new TemplateRefusal("no system turns"));
  expect(() => render("{{ messages[0].tool.name }}")).toThrow(TemplateRefusal);
  expect(() => render("{{ 'a' + 1 }}")).toThrow(TemplateRefusal);
});

test.each([
  ["{{ 1 }}\n{% if %}", "line 2: Expected an expression, got 'end of statement block'"],
  [
    "{% for x in y %}\n",
    "line 1: Unexpected end of template. Jinja was looking for the following tags: 'endfor' or 'else'.",
  ],
  ["{{ x | from_json }}", "line 1: No filter named 'from_json'."],
  ["a\n\n{{ 'x }}", "line 3: unexpected char ''' at 6"],
  ["{% break %}", "line 1: 'break' outside loop"],
  [`{{ ${"(".repeat(5000)}1${")".repeat(5000)} }}`, "line 1: nested too deeply"],
])("%j is no template", (source, why) => {
  expect(() => render(source)).toThrow(expect.objectContaining({ code: "template.invalid", exit: "recipe", why }));
});

describe("a hostile template reaches nothing", () => {
  test.each([
    "{{ ''.constructor }}",
    "{{ [].constructor.constructor }}",
    "{{ {}['__proto__'] }}",
    "{{ {}.__proto__ }}",
    "{{ messages[0].hasOwnProperty }}",
    "{{ messages.toString }}",
    "{{ ''.__class__ }}",
    "{{ namespace.prototype }}",
    "{{ constructor }}{{ __proto__ }}{{ globalThis }}{{ process }}",
    "{{ ''['__class__'] }}",
    "{{ range.constructor }}",
    "{{ messages|map(attribute='__proto__')|join }}",
  ])("%s prints nothing", (source) => {
    expect(render(source.replace("constructor.constructor", "constructor")).text).toBe("");
  });

  test.each([
    "{{ ''.__class__.__mro__ }}",
    "{{ messages.append(1) }}",
    "{{ messages[0].update(role='x') }}",
    "{{ messages.constructor('return process')() }}",
    "{% set ns = namespace() %}{% set ns.__proto__ = 1 %}",
    "{{ namespace(_a=1) }}",
    "{% include '/etc/passwd' %}",
    "{% import 'os' as os %}",
    "{{ cycler.__init__.__globals__ }}",
    "{{ self.__init__ }}{{ self._TemplateReference__context.vars }}",
    "{{ range(100001) }}",
  ])("%s is refused", (source) => {
    expect(() => render(source)).toThrow(TemplateRefusal);
  });

  test.each([
    ["loops within loops", "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}"],
    ["filters of loops", "{% for a in range(9999) %}{{ range(99999)|select('odd')|list|length }}{% endfor %}"],
    ["a loop's own test", "{% for a in range(99999) %}{% for b in range(99999) if false %}{% endfor %}{% endfor %}"],
    ["text times a number", "{{ 'a' * 10000000000 }}"],
    [
      "text doubled again and again",
      "{% set n = namespace(s='a') %}{% for i in range(99) %}{% set n.s = n.s + n.s %}{% endfor %}",
    ],
    [
      "text joined to itself",
      "{% set n = namespace(s='a') %}{% for i in range(99) %}{% set n.s = n.s ~ n.s %}{% endfor %}",
    ],
    ["lists doubled", "{% set n = namespace(l=[1]) %}{% for i in range(99) %}{% set n.l = n.l + n.l %}{% endfor %}"],
    [
      "a list of itself twice",
      "{% set n = namespace(l=[1]) %}{% for i in range(99) %}{% set n.l = [n.l, n.l] %}{% endfor %}{{ n.l }}",
    ],
    [
      "as JSON",
      "{% set n = namespace(l=[1]) %}{% for i in range(99) %}{% set n.l = [n.l, n.l] %}{% endfor %}{{ n.l|tojson }}",
    ],
    [
      "compared",
      "{% set n = namespace(l=[1], m=[1]) %}{% for i in range(99) %}{% set n.l = [n.l, n.l] %}{% set n.m = [n.m, n.m] %}{% endfor %}{{ n.l == n.m }}",
    ],
    [
      "a list in a list in a list",
      "{% set n = namespace(l=[1]) %}{% for i in range(99999) %}{% set n.l = [n.l] %}{% endfor %}{{ n.l }}",
    ],
    ["replacing by more", "{{ ('a' * 10000000).replace('a', 'b' * 10000000) }}"],
    ["joining", "{{ ('a' * 1000000).join(['b'] * 1000000) }}"],
    ["padding", "{{ 'a'.ljust(10000000000) }}"],
    ["formatting", "{{ '%10000000000d' % 1 }}"],
    ["format specs", "{{ '{:10000000000}'.format(1) }}"],
    ["indentation", "{{ 'a\\nb'|indent(10000000000) }}"],
    ["powers", "{{ 9 ** (9 ** 9) }}"],
    ["products", "{% set n = namespace(x=9) %}{% for i in range(99) %}{% set n.x = n.x * n.x %}{% endfor %}"],
    ["output", "{% for i in range(99999) %}{{ 'a' * 10000 }}{% endfor %}"],
    ["macros that call themselves", "{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}"],
    ["loops that call themselves", "{% for x in [[1]] recursive %}{{ loop([[1]]) }}{% endfor %}"],
    [
      "long work on long text",
      "{% set s = 'ab ' * 10000000 %}{% for i in range(99999) %}{{ s.split('c')|length }}{% endfor %}",
    ],
  ])("and costs no more than it may: %s", (_, source) => {
    expect(() => render(source)).toThrow(expect.objectContaining({ code: "template.too-costly" }));
  });
});

test.each(["{{ messages|map('upper') }}", "{{ lipsum() }}", "{{ [1, 2]|random }}", "{% block a %}{% endblock %}"])(
  "%s: what ft cannot tell, it says so",
  (source) => {
    expect(() => render(source)).toThrow(expect.objectContaining({ code: "template.unsupported" }));
  },
);
