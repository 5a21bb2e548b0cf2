// Jinja source to tokens, as jinja2's lexer with trim_blocks and lstrip_blocks, which transformers sets.

import { TemplateSyntaxError } from "./errors.js";
import { floatOf, parseInteger } from "./numbers.js";
import { spaceClass } from "./text.js";
import type { Value } from "./values.js";

export interface Token {
  /** Such as name, string, integer, float, data, block_begin, or the operator itself ("==", "("). */
  type: string;
  text: string;
  /** Of an integer, float or string. */
  value?: Value;
  line: number;
}

const operators = ["//", "**", "==", "!=", ">=", "<=", ..."+-/*%~[](){}><=.:|,;"];
const operatorPattern = operators.map((operator) => operator.replace(/[/*+[\](){}.|]/g, "\\$&")).join("|");
const space = spaceClass;

const root = new RegExp(
  `\\{%(?<raw>[-+]?)${space}*raw${space}*(?:-%\\}${space}*|%\\})|(?<open>\\{\\{|\\{#|\\{%)(?<sign>[-+]?)`,
  "gu",
);
const commentEnd = new RegExp(`\\+#\\}|-#\\}${space}*|#\\}\\n?`, "gu");
const rawEnd = new RegExp(`\\{%(?<sign>[-+]?)${space}*endraw${space}*(?:\\+%\\}|-%\\}${space}*|%\\}\\n?)`, "gu");
const blockEnd = new RegExp(`\\+%\\}|-%\\}${space}*|%\\}\\n?`, "yu");
const variableEnd = new RegExp(`-\\}\\}${space}*|\\}\\}`, "yu");
const tagRules: [type: string, pattern: RegExp][] = [
  ["whitespace", new RegExp(`${space}+`, "yu")],
  ["float", /(?<!\.)(?:\d+_)*\d+(?:(?:\.(?:\d+_)*\d+)?e[+-]?(?:\d+_)*\d+|\.(?:\d+_)*\d+)/iuy],
  ["integer", /0b(?:_?[01])+|0o(?:_?[0-7])+|0x(?:_?[\da-f])+|[1-9](?:_?\d)*|0(?:_?0)*/iuy],
  ["name", /[\p{L}\p{M}\p{N}_·]+/uy],
  ["string", /'[^'\\]*(?:\\.[^'\\]*)*'|"[^"\\]*(?:\\.[^"\\]*)*"/suy],
  ["operator", new RegExp(operatorPattern, "yu")],
];
const identifier = /^[\p{XIDS}_]\p{XIDC}*$/u;
const closers: Record<string, string> = { "{": "}", "(": ")", "[": "]" };

/** @throws TemplateSyntaxError */
export function tokenize(template: string): Token[] {
  const source = template.replace(/\r\n|\r/g, "\n").replace(/\n$/, "");
  const tokens: Token[] = [];
  let at = 0;
  let line = 1;
  const advance = (to: number) => {
    line += countNewlines(source.slice(at, to));
    at = to;
  };
  while (at < source.length) {
    root.lastIndex = at;
    const tag = root.exec(source);
    const dataEnd = tag ? tag.index : source.length;
    const open = tag?.groups?.open ?? "raw";
    const sign = tag?.groups?.sign ?? tag?.groups?.raw ?? "";
    const data = source.slice(at, dataEnd);
    pushData(tokens, tag ? stripBeforeTag(data, sign, open, at === 0 || source[at - 1] === "\n") : data, line);
    advance(dataEnd);
    if (!tag) break;
    const opening = line;
    advance(root.lastIndex);
    if (open === "{#") advance(endOf(commentEnd, source, at, "Missing end of comment tag", opening));
    else if (open === "raw") {
      rawEnd.lastIndex = at;
      const end = rawEnd.exec(source);
      if (!end) throw new TemplateSyntaxError("Missing end of raw directive", line);
      const text = source.slice(at, end.index);
      pushData(tokens, stripBeforeTag(text, end.groups?.sign ?? "", "raw", source[at - 1] === "\n"), line);
      advance(rawEnd.lastIndex);
    } else advance(tokenizeTag(source, at, line, open, tokens));
  }
  tokens.push({ type: "eof", text: "", line });
  return tokens;
}

function pushData(tokens: Token[], text: string, line: number): void {
  if (text !== "") tokens.push({ type: "data", text, line });
}

/** What a "-" eats before a tag, and the indentation that lstrip_blocks eats before statements and comments. */
function stripBeforeTag(text: string, sign: string, open: string, startsLine: boolean): string {
  if (sign === "-") return text.replace(new RegExp(`${space}+$`, "u"), "");
  if (sign === "+" || open === "{{") return text;
  const lineStart = text.lastIndexOf("\n") + 1;
  if (lineStart === 0 && !startsLine) return text;
  return new RegExp(`^${space}+$`, "u").test(text.slice(lineStart)) ? text.slice(0, lineStart) : text;
}

function endOf(pattern: RegExp, source: string, from: number, missing: string, line: number): number {
  pattern.lastIndex = from;
  if (!pattern.exec(source)) throw new TemplateSyntaxError(missing, line);
  return pattern.lastIndex;
}

/** Tokens of one {{ }} or {% %}; the end of the tag is only looked for outside brackets. */
function tokenizeTag(source: string, start: number, startLine: number, open: string, tokens: Token[]): number {
  const [kind, end] = open === "{{" ? (["variable", variableEnd] as const) : (["block", blockEnd] as const);
  const brackets: string[] = [];
  let at = start;
  let line = startLine;
  tokens.push({ type: `${kind}_begin`, text: open, line });
  for (;;) {
    end.lastIndex = at;
    if (brackets.length === 0 && end.test(source)) {
      tokens.push({ type: `${kind}_end`, text: "", line });
      return end.lastIndex;
    }
    const rule = tagRules.find(([, pattern]) => {
      pattern.lastIndex = at;
      return pattern.test(source);
    });
    if (!rule) {
      if (at >= source.length) return at;
      throw new TemplateSyntaxError(`unexpected char '${source[at]}' at ${at}`, line);
    }
    const text = source.slice(at, rule[1].lastIndex);
    if (rule[0] === "operator") balance(text, brackets, line);
    if (rule[0] !== "whitespace") tokens.push(tagToken(rule[0], text, line));
    line += countNewlines(text);
    at = rule[1].lastIndex;
  }
}

function balance(operator: string, brackets: string[], line: number): void {
  const closer = closers[operator];
  if (closer) brackets.push(closer);
  else if ("})]".includes(operator)) {
    const expected = brackets.pop();
    if (expected === operator) return;
    throw new TemplateSyntaxError(`unexpected '${operator}'${expected ? `, expected '${expected}'` : ""}`, line);
  }
}

function tagToken(type: string, text: string, line: number): Token {
  switch (type) {
    case "operator":
      return { type: text, text, line };
    case "integer":
      return { type, text, line, value: parseInteger(BigInt(text.replaceAll("_", ""))) };
    case "float":
      return { type, text, line, value: floatOf(Number(text.replaceAll("_", ""))) };
    case "string":
      return { type, text, line, value: unescapeString(text.slice(1, -1), line) };
    default:
      if (!identifier.test(text)) throw new TemplateSyntaxError("Invalid character in identifier", line);
      return { type, text, line };
  }
}

const simpleEscapes: Record<string, string> = {
  "\n": "",
  "\\": "\\",
  "'": "'",
  '"': '"',
  a: "\x07",
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
  v: "\v",
};

/** Python's unicode-escape codec after ascii with backslashreplace: a backslash before é is two characters of the escape of é. */
function unescapeString(body: string, line: number): string {
  if (!body.includes("\\")) return body;
  const ascii = body.replace(/\\([^\p{ASCII}])/gu, (_, letter: string) => `\\\\${asciiEscape(letter).slice(1)}`);
  return ascii.replace(
    /\\(?:x([\da-fA-F]{2})|u([\da-fA-F]{4})|U([\da-fA-F]{8})|([0-7]{1,3})|([\s\S]))/g,
    (whole, x?: string, u?: string, long?: string, octal?: string, other?: string) => {
      const hex = x ?? u ?? long;
      if (hex !== undefined) return codePoint(Number.parseInt(hex, 16), line);
      if (octal !== undefined) return String.fromCodePoint(Number.parseInt(octal, 8));
      if (other === "x" || other === "u" || other === "U")
        throw new TemplateSyntaxError("truncated \\xXX escape", line);
      if (other === "N") throw new TemplateSyntaxError("\\N{...} escapes are not supported", line);
      return simpleEscapes[other as string] ?? whole;
    },
  );
}

function asciiEscape(letter: string): string {
  const code = letter.codePointAt(0) as number;
  const [sign, width] = code < 0x100 ? ["x", 2] : code < 0x10000 ? ["u", 4] : ["U", 8];
  return `\\${sign}${code.toString(16).padStart(width as number, "0")}`;
}

function codePoint(code: number, line: number): string {
  if (code > 0x10ffff) throw new TemplateSyntaxError("illegal Unicode character", line);
  return String.fromCodePoint(code);
}

function countNewlines(text: string): number {
  let count = 0;
  for (let at = text.indexOf("\n"); at !== -1; at = text.indexOf("\n", at + 1)) count += 1;
  return count;
}
