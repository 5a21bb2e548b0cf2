// Whatever JSON says comes back: numbers, key order, doubled keys; and what is no JSON is told, never thrown.
import { execFileSync } from "node:child_process";
import { expect, test } from "vitest";
import { Float, type Json } from "./json.js";
import { parseJson } from "./parse-json.js";
import { stringifyJson } from "./stringify-json.js";

function read(text: string): Json {
  const parsed = parseJson(text);
  if ("problem" in parsed) throw new Error(`${text}: ${parsed.problem}`);
  return parsed.value;
}

test.each<[string, Json]>([
  ["1", 1],
  ["-0", 0],
  ["1.5", 1.5],
  ["1.0", new Float(1, "1.0")],
  ["[1, 1e5]", [1, new Float(1e5, "1e5")]],
  ['{"a": -0.0}', { a: new Float(-0, "-0.0") }],
  ["9007199254740991", 9007199254740991],
  ["-9007199254740993", -9007199254740993n],
  ['{"b":1,"a":[true,null,"\\u00e9\\n"]}', { b: 1, a: [true, null, "é\n"] }],
  ['{"1":"a","2":"b","c":0}', { 1: "a", 2: "b", c: 0 }],
  [
    '{"2":"a","1":"b"}',
    new Map([
      ["2", "a"],
      ["1", "b"],
    ]),
  ],
  [
    '{"a":0,"7":1}',
    new Map([
      ["a", 0],
      ["7", 1],
    ]),
  ],
  ['{"__proto__": {"x": 1.0}}', new Map([["__proto__", { x: new Float(1, "1.0") }]])],
])("%s", (text, value) => {
  expect(read(text)).toEqual(value);
});

test.each<[string, string[]]>([
  ['{"a":1,"a":2}', ["a"]],
  ['[{"a" : 1, "b": {"c": "x\\":", "c": "y"}}]', ["c"]],
  ['{"a\\\\":1,"a":2}', []],
  ['{"a":"\\":","b":"\\\\"}', []],
  ['{"":":","b":":"}', []],
])("keys that are there twice: %s", (text, doubled) => {
  expect(parseJson(text)).toMatchObject({ doubled });
});

test.each([
  ['{"a": NaN}', "NaN is no JSON"],
  ["[-Infinity]", "-Infinity is no JSON"],
  ['{"a": 1e999}', "1e999 is larger than any float"],
  [`[${"9".repeat(5000)}]`, "5000 digits"],
  ["[".repeat(1_000_000) + "]".repeat(1_000_000), "deeper than 256"],
  [`${'{"a":'.repeat(300)}1${"}".repeat(300)}`, "deeper than 256"],
  ['{"a": "', "Unterminated string"],
  ["", "Unexpected end"],
  ["{'a': 1}", "property name"],
  ['{"prompt": k.olsen@post.telenor.no}', "Unexpected token 'k' in JSON at position 11"],
  ['{"a": +npm_pdclsxhkifxi5cvqushl8}', "Unexpected token '+' in JSON at position 6"],
])("%.40s is told", (text, problem) => {
  const told = parseJson(text);
  expect(told).toEqual({ problem: expect.stringContaining(problem) });
  expect(JSON.stringify(told)).not.toMatch(/olsen|npm_/);
});

/** A seeded generator of JSON text, spaces and all. */
function randomJson(seed: number): () => string {
  let state = seed;
  const draw = (below: number) => {
    state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff;
    return (state >>> 8) % below;
  };
  const pick = <T>(list: readonly T[]) => list[draw(list.length)] as T;
  const space = () => pick(["", "", "", " ", "\n  ", "\t"]);
  const string = () =>
    pick([
      '"a"',
      '"\\":"',
      '"é\\\\"',
      '"\\ud83d\\ude00"',
      '"3.0, 12345678901234567"',
      '":"',
      '"2":'.slice(0, 3),
      '"10"',
    ]);
  const number = () =>
    `${pick(["", "-"])}${pick(["0", "1", "42", "9007199254740992", "123456789012345678901"])}${pick(["", "", ".0", ".25", ".000"])}${pick(["", "", "e2", "E-3"])}`;
  const make = (depth: number): string => {
    const kind = draw(depth > 4 ? 3 : 5);
    if (kind === 0) return string();
    if (kind === 1) return number();
    if (kind === 2) return pick(["true", "false", "null"]);
    const items = Array.from({ length: draw(4) }, () => make(depth + 1));
    if (kind === 3) return `[${items.map((item) => space() + item + space()).join(",")}]`;
    const keys = new Set(
      items.map(() => pick(['"a"', '"1"', '"2"', '"__proto__"', '"b\\\\"', '"constructor"', '"\\":"'])),
    );
    return `{${[...keys].map((key, index) => `${space()}${key}${space()}:${space()}${items[index]}`).join(",")}}`;
  };
  return () => make(0);
}

test("what is written from a value reads as that value, and Python reads the same from it as from the first text", () => {
  const next = randomJson(7);
  const texts = Array.from({ length: 3000 }, next);
  const written = texts.map((text) => {
    const value = read(text);
    const again = stringifyJson(value);
    expect(read(again)).toEqual(value);
    return again;
  });
  const script = [
    "import json, sys",
    "texts, written = json.load(sys.stdin)",
    "print([i for i, (a, b) in enumerate(zip(texts, written)) if repr(json.loads(a)) != repr(json.loads(b))])",
  ].join("\n");
  const differing = execFileSync("python3", ["-c", script], { input: JSON.stringify([texts, written]) });
  expect(differing.toString().trim()).toBe("[]");
});

test("a random change of a text is read or told, never thrown", () => {
  const next = randomJson(11);
  for (let round = 0; round < 3000; round += 1) {
    const text = next();
    const at = (round * 7919) % (text.length + 1);
    parseJson(text.slice(0, at) + '"{}[],:0.e\\-'[round % 12] + text.slice(at + (round % 2)));
  }
});
