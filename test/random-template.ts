// Small random Jinja templates and the variables they play with, the same for a seed: for comparing our renderer with Python's.
import { Float, type Json } from "../src/dataset/json/json.js";

/** Variables that every random template finds. */
export const randomVariables: { [name: string]: Json } = {
  s: "Hello, World",
  t: "  spaced\tout \n two\r\nlines  ",
  e: "",
  w: "naïve Straße ǆ İ 日本 👩‍👩‍👧 e\u0301 Σας",
  q: 'it\'s "quoted" \\ <b>&amp;</b> \u00a0\u200b\x7f\u0001',
  d9: "12_3",
  n: 7,
  m: -3,
  z: 0,
  big: 12345678901234567890n,
  f: 2.5,
  g: new Float(4, "4.0"),
  h: -1.25e-7,
  huge: new Float(1e22, "1e22"),
  yes: true,
  no: false,
  nothing: null,
  l: [3, 1, 2, new Float(1, "1.0"), true],
  words: ["pear", "Apple", "fig", "apple", "Fig"],
  mixed: [1, "1", null, [2, [3]], { a: 1 }, false, 1.5],
  empty: [],
  d: { b: 1, a: "x", items: [1, 2], "it's": { deep: null } },
  o: new Map<string, Json>([
    ["10", "ten"],
    ["2", new Float(2, "2.0")],
    ["zero", 0],
  ]),
  rows: [
    { name: "Bo", age: 3, tags: ["x", "y"] },
    { name: "ann", age: 12, tags: [] },
    { name: "Cy", age: 3, extra: { k: "v" } },
  ],
};

/** A stream of numbers in [0, 1) from a seed (mulberry32). */
function randomNumbers(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

type Make = (depth: number) => string;

export function randomTemplate(seed: number): string {
  const random = randomNumbers(seed);
  const int = (below: number) => Math.floor(random() * below);
  const pick = <T>(choices: readonly T[]): T => choices[int(choices.length)] as T;
  const oneOf = (choices: readonly Make[], depth: number): string => pick(choices)(depth - 1);
  const many = (most: number, make: () => string, between = ", ") =>
    Array.from({ length: int(most + 1) }, make).join(between);

  const literals = [
    "''",
    "'a'",
    '"it\'s"',
    "'a,b,,c'",
    "'x\\ty\\n'",
    "'Ünï ß'",
    "'  pad '",
    "'%s|%d'",
    "'<&>'",
    "'ABC abc'",
    "'1'",
    "'-12'",
    "'1.50'",
    "'\\u00e9\\x41'",
    "' '",
    "','",
  ];
  const textNames = ["s", "t", "e", "w", "q", "d9"];
  const text: Make = (depth) =>
    depth <= 0
      ? pick([...literals, ...textNames])
      : oneOf(
          [
            () => pick(literals),
            () => pick(textNames),
            (at) => `(${text(at)} + ${text(at)})`,
            (at) => `(${any(at)} ~ ${any(at)})`,
            (at) =>
              `${text(at)}|${pick(["upper", "lower", "title", "capitalize", "trim", "escape", "e", "safe", "string", "urlencode", "forceescape", "reverse", "indent", "center(9)", "indent(2, true)", "indent('> ', blank=true)", "truncate(5)", "truncate(7, true, '…')", "default('dflt')", "d('x', true)", "replace('a', 'bb')", "replace('l', '<', 1)", "trim('Hd ')"])}`,
            (at) =>
              `${text(at)}.${pick(["strip()", "lstrip()", "rstrip()", "strip('H ')", "lstrip('\\n')", "rstrip('d\\n ')", "upper()", "lower()", "title()", "capitalize()", "swapcase()", "zfill(8)", "ljust(6, '.')", "rjust(20)", "center(15, '*')", "expandtabs(4)", "replace('l', 'LL')", "replace('', '-', 3)", "removeprefix('He')", "removesuffix('ld')", "casefold()", "format(1, a=2)"])}`,
            (at) => `${text(at)}[${slice(at)}]`,
            (at) => `${text(at)}[${integer(at)}]`,
            (at) => `${any(at)}|string`,
            (at) =>
              `${any(at)}|tojson${pick(["", "", "(indent=2)", "(ensure_ascii=true)", "(sort_keys=true)", "(separators=(',', ':'))", "(indent=1, sort_keys=true)"])}`,
            (at) => `${list(at)}|join${pick(["", "(', ')", "('-')", "('|', attribute='name')"])}`,
            (at) => `${text(at)}.join(${list(at)})`,
            (at) => `('${pick(["%s", "%r", "%5s|", "%-6s|", "%.2s", "%s %%"])}' % ${any(at)})`,
            (at) => `('${pick(["%d", "%05d", "%+d", "%x", "%.2f", "%8.3e", "%g", "%i"])}' % ${number(at)})`,
            (at) => `('%s-%s' % (${any(at)}, ${any(at)}))`,
            (at) => `'${pick(["%s %s", "%d items", "%(a)s"])}'|format(${many(2, () => any(at))})`,
            (at) =>
              `'${pick(["{}", "{0}{0}", "{!r}", "{:>8}", "{:<6}|", "{:^9}", "{:*^7}", "{a}", "{{}}{}"])}'.format(${any(at)}${pick(["", ", a=1"])})`,
            (at) =>
              `'${pick(["{:d}", "{:.3f}", "{:,}", "{:05d}", "{:x}", "{:.1%}", "{:e}", "{:+}"])}'.format(${number(at)})`,
            (at) => `(${text(at)} if ${bool(at)} else ${text(at)})`,
            (at) => `(${text(at)} * ${pick(["2", "0", "-1", "true", "3"])})`,
            (at) => `${number(at)}|filesizeformat`,
          ],
          depth,
        );
  const integer: Make = (depth) =>
    depth <= 0
      ? pick(["0", "1", "2", "-1", "3", "10", "n", "m", "z", "255", "1_000"])
      : oneOf(
          [
            () => pick(["0", "1", "-2", "n", "m", "z", "big", "yes"]),
            (at) => `(${integer(at)} ${pick(["+", "-", "*", "//", "%"])} ${integer(at)})`,
            (at) => `(${integer(at)} ** ${pick(["0", "1", "2", "3", "-1"])})`,
            (at) => `${pick([text, list, dict])(at)}|length`,
            (at) => `${any(at)}|int${pick(["", "(5)", "(0, 16)", "(default=none)"])}`,
            (at) =>
              `${text(at)}.${pick(["find", "rfind", "count", "index"])}('${pick(["l", "o", "", "zz", "pa"])}'${pick(["", ", 2", ", -4", ", 1, 5"])})`,
            (at) => `${integer(at)}|abs`,
            (at) => `-${integer(at)}`,
            (at) => `${text(at)}|wordcount`,
            (at) => `${list(at)}.count(${any(at)})`,
            (at) => `${list(at)}.index(${any(at)})`,
            (at) => `${list(at)}|${pick(["sum", "max", "min", "first", "last"])}`,
          ],
          depth,
        );
  const float: Make = (depth) =>
    depth <= 0
      ? pick(["0.5", "1.0", "2.75", "f", "g", "h", "huge", "1e3", "1.5e-5", "100.0"])
      : oneOf(
          [
            (at) => `(${number(at)} / ${number(at)})`,
            (at) => `(${float(at)} ${pick(["+", "-", "*", "//", "%"])} ${number(at)})`,
            (at) => `${any(at)}|float${pick(["", "(1.5)"])}`,
            (at) => `${number(at)}|round${pick(["", "(1)", "(2)", "(1, 'floor')", "(0, 'ceil')", "(-1)"])}`,
            (at) => `(${number(at)} ** ${pick(["0.5", "2", "-1", "2.0"])})`,
          ],
          depth,
        );
  const number: Make = (depth) => (random() < 0.6 ? integer(depth) : float(depth));
  const list: Make = (depth) =>
    depth <= 0
      ? pick(["l", "words", "mixed", "empty", "rows", "[]", "[1, 2]", "(1, 'a')"])
      : oneOf(
          [
            (at) => `[${many(3, () => any(at))}]`,
            (at) => `(${any(at)}, ${any(at)})`,
            (at) =>
              `${text(at)}.${pick(["split()", "split(',')", "split('l', 1)", "rsplit('o', 1)", "rsplit()", "splitlines()", "splitlines(true)", "partition('l')", "rpartition(' ')", "split(none, 1)", "rsplit(none, 1)", "split(maxsplit=1)"])}`,
            (at) => `${pick([list, text, dict])(at)}|list`,
            (at) => `${list(at)}[${slice(at)}]`,
            (at) =>
              `${list(at)}|sort${pick(["", "(reverse=true)", "(attribute='age')", "(case_sensitive=true)", "(attribute='age,name')"])}`,
            (at) =>
              `${list(at)}|map('${pick(["upper", "string", "length", "int", "tojson", "trim", "default"])}')|list`,
            (at) =>
              `${list(at)}|map(attribute='${pick(["name", "age", "tags.0", "0"])}'${pick(["", ", default='?'"])})|list`,
            (at) =>
              `${list(at)}|${pick(["select", "reject"])}(${pick(["", "'string'", "'number'", "'odd'", "'defined'", "'gt', 1", "'in', 'abc'", "'equalto', 1"])})|list`,
            (at) =>
              `${list(at)}|${pick(["selectattr", "rejectattr"])}('${pick(["name", "age", "tags"])}'${pick(["", ", 'equalto', 3", ", 'defined'", ", 'string'"])})|list`,
            (at) =>
              `${list(at)}|${pick(["unique", "reverse", "batch(2)", "batch(2, 0)", "slice(2)", "slice(3, 'f')"])}|list`,
            (at) => `range(${pick(["3", "1, 4", "5, 0, -2", "n", "0"])})|list${at ? "" : ""}`,
            (at) => `${dict(at)}|dictsort${pick(["", "(by='value')", "(reverse=true)", "(true)"])}`,
            (at) => `${dict(at)}.${pick(["items()", "keys()", "values()"])}|list`,
            (at) => `${dict(at)}|items|list`,
            (at) => `(${list(at)} + ${list(at)})`,
            (at) => `(${list(at)} * 2)`,
            (at) => `${list(at)}|groupby('${pick(["age", "name"])}')`,
          ],
          depth,
        );
  const dict: Make = (depth) =>
    depth <= 0
      ? pick(["d", "o", "{}", "rows[0]", "{'a': 1}"])
      : oneOf(
          [
            (at) => `{${many(3, () => `${pick(["'a'", "'b c'", "1", "none", "true", "'ä'", "2"])}: ${any(at)}`)}}`,
            (at) => `dict(a=${any(at)}${pick(["", ", b=2"])})`,
            (at) => `dict(${dict(at)}, z=1)`,
            () => "rows[1]",
            (at) => `${list(at)}|first`,
          ],
          depth,
        );
  const tests = [
    "defined",
    "undefined",
    "none",
    "string",
    "number",
    "integer",
    "float",
    "boolean",
    "mapping",
    "sequence",
    "iterable",
    "callable",
    "true",
    "false",
    "odd",
    "even",
    "lower",
    "upper",
    "divisibleby 3",
    "divisibleby(2)",
    "eq 1",
    "ne 'a'",
    "gt 0",
    "lt 5",
    "in [1, 'a']",
    "in 'abc'",
    "sameas none",
    "sameas true",
    "escaped",
    "ge 1.0",
    "filter",
    "test",
  ];
  const bool: Make = (depth) =>
    depth <= 0
      ? pick(["true", "false", "yes", "no", "nothing", "s", "empty", "missing"])
      : oneOf(
          [
            (at) => `(${any(at)} is ${pick(["", "not "])}${pick(tests)})`,
            (at) => `(${any(at)} ${pick(["==", "!="])} ${any(at)})`,
            (at) => `(${number(at)} ${pick(["<", ">", "<=", ">=", "=="])} ${number(at)})`,
            (at) => `(${integer(at)} < ${integer(at)} <= ${number(at)})`,
            (at) => `(${text(at)} ${pick(["<", ">=", "in", "not in", "=="])} ${text(at)})`,
            (at) => `(${any(at)} ${pick(["in", "not in"])} ${pick([list, dict])(at)})`,
            (at) => `(${list(at)} ${pick(["<", ">", "=="])} ${list(at)})`,
            (at) => `(not ${any(at)})`,
            (at) => `(${any(at)} ${pick(["and", "or"])} ${any(at)})`,
            (at) =>
              `${text(at)}.${pick(["isdigit()", "isalpha()", "isupper()", "islower()", "isspace()", "isalnum()", "istitle()", "isnumeric()", "isidentifier()", "isdecimal()", "isascii()", "startswith('He')", "endswith(('d', ' '))", "startswith('l', 2)", "isprintable()"])}`,
          ],
          depth,
        );
  const odd = [
    "missing",
    "none",
    "loop",
    "d.items",
    "s.upper",
    "missing.x",
    "d.missing",
    "d['it\\'s'].deep",
    "rows[0].tags[0]",
    "rows[5]",
    "none.x",
    "l[9]",
    "o['2']",
    "o.zero",
    "self",
    "d.get('b')",
    "d.get('x', 'y')",
    "d.get('x')",
    "words.append('x')",
    "d.pop('a')",
    "s.__class__",
    "s.constructor",
    "d.__proto__",
    "l.length",
    "''.join",
    "namespace(a=1)",
    "namespace(a=1).a",
    "range(3)",
    "d.keys()",
    "d.items()",
    "d.values()",
    "n.real",
    "f.is_integer()",
    "cycler('a', 'b').next()",
    "raise_exception('stop')",
    "strftime_now('%Y-%m-%d %H:%M %b %-d %j')",
    "dict",
    "(-1)|abs",
    "l|random is defined",
    "n.foo",
    "words|last",
    "undefined_function()",
  ];
  const any: Make = (depth) => {
    const kind = random();
    if (kind < 0.25) return text(depth);
    if (kind < 0.4) return integer(depth);
    if (kind < 0.48) return float(depth);
    if (kind < 0.63) return list(depth);
    if (kind < 0.73) return dict(depth);
    if (kind < 0.83) return bool(depth);
    if (kind < 0.88) return `(${any(depth - 1)} if ${bool(depth - 1)}${pick(["", ` else ${any(depth - 1)}`])})`;
    return pick(odd);
  };
  const slice: Make = () =>
    pick(["1:", ":2", "-2:", ":-1", "::-1", "1:4", "::2", "5:1:-1", ":", "n:", ":m", "-100:100", "::-2", "none:2"]);

  const tag = (inside: string) => `{%${pick(["", "", "", "-", "+"])} ${inside} ${pick(["", "", "", "-", "+"])}%}`;
  const data = () => pick(["", "", " ", "\n", "  \n", "x", "\n  ", " y\n", "\t", "- ", "a\n\n b"]);
  const print: Make = (depth) => `{{${pick(["", "", "-"])} ${any(depth)} ${pick(["", "", "-"])}}}`;
  const loopPart = () =>
    pick([
      "loop.index",
      "loop.index0",
      "loop.first",
      "loop.last",
      "loop.length",
      "loop.revindex",
      "loop.revindex0",
      "loop.previtem",
      "loop.nextitem",
      "loop.cycle('a', 'b')",
      "loop.changed(x)",
      "loop.depth",
      "loop",
    ]);
  const body: Make = (depth) => data() + many(2, () => statement(depth), data()) + data();
  const statement: Make = (depth) => {
    if (depth <= 0) return print(1);
    return oneOf(
      [
        (at) => print(at),
        (at) => print(at),
        (at) =>
          tag(`if ${bool(1)}`) +
          body(at) +
          pick(["", tag(`elif ${bool(1)}`) + body(at)]) +
          pick(["", tag("else") + body(at)]) +
          tag("endif"),
        (at) =>
          tag(`for x in ${list(1)}${pick(["", "", ` if ${pick(["x", "x is string", "x != 1", "loop.index"])}`])}`) +
          data() +
          pick(["{{ x }}", `{{ ${loopPart()} }}`, `{{ ${loopPart()} }}`, ""]) +
          pick([
            "",
            tag(`if ${pick(["x == 1", "loop.first", "loop.index > 1"])}`) +
              tag(pick(["break", "continue"])) +
              tag("endif"),
          ]) +
          body(at) +
          pick(["", tag("else") + body(at)]) +
          tag("endfor"),
        (at) => `${tag(`for k, v in ${dict(1)}.items()`)}{{ k }}={{ v }}${data()}${body(at)}${tag("endfor")}`,
        (at) => tag(`set ${pick(["x", "s", "y", "n"])} = ${any(at)}`),
        (at) => tag(`set ${pick(["x", "y", "ns.a"])}`) + body(at) + tag("endset"),
        (at) => tag(`set y | ${pick(["upper", "trim", "length", "replace('a', 'b')"])}`) + body(at) + tag("endset"),
        (at) => `${tag(`set x, y = ${list(at)}`)}{{ x }}{{ y }}`,
        () =>
          `${tag("set ns = namespace(a=0)")}${tag("for x in l")}${tag("set ns.a = ns.a + loop.index")}${tag("set y = x")}${tag("endfor")}{{ ns.a }}{{ y }}`,
        (at) =>
          tag(`macro f(${pick(["", "x", "x, y=1", "x=2, y=x", "a, b=s"])})`) +
          body(at) +
          pick(["", "{{ x }}{{ y }}", "{{ kwargs }}", "{{ varargs }}", "{{ caller() }}"]) +
          tag("endmacro") +
          `{{ f(${pick(["", "1", "1, 2", "x=3", "1, y=2", "1, z=5", "*l", "**{'x': 1}"])}) }}`,
        (at) =>
          tag("macro g(a)") +
          "<{{ caller(a) if caller is defined else a }}>" +
          tag("endmacro") +
          tag("call(b) g(s)") +
          `{{ b }}${body(at)}` +
          tag("endcall"),
        (at) =>
          tag(`filter ${pick(["upper", "trim", "replace('a', 'b')|upper", "indent(2)", "length"])}`) +
          body(at) +
          tag("endfilter"),
        (at) => `${tag(`with x = ${any(1)}, y = ${pick(["x", "1", "s"])}`)}{{ x }}{{ y }}${body(at)}${tag("endwith")}`,
        (at) => tag("generation") + body(at) + tag("endgeneration"),
        () => `{% raw ${pick(["", "-"])}%} {{ raw }} {%${pick(["", "-"])} endraw %}`,
        () => `{#${pick(["", "-"])} comment ${pick(["", "-"])}#}`,
        () =>
          `${tag("for x in [1, [2, [3]]] recursive")}{{ loop(x) if x is iterable else x }}{{ ${loopPart()} }}${tag("endfor")}`,
        () => tag(`print ${any(1)}`),
        (at) => `${tag(`for x in range(3)`) + body(at) + tag("endfor")}{{ x }}`,
        () =>
          tag(
            pick([
              "include 'x'",
              "import 'x' as x",
              "break",
              "endif",
              "unknown",
              "set x",
              "for x",
              "if",
              "block a",
              "extends 'x'",
            ]),
          ),
      ],
      depth,
    );
  };
  return random() < 0.55 ? `{{ ${any(1 + int(4))} }}` : many(3, () => statement(3), data()) + data();
}
