// A place in a token list that the parser moves along, with jinja2's messages when the next token is another than expected.
import { TemplateSyntaxError } from "./errors.js";
import type { Token } from "./lexer.js";

/** Nesting of expressions and blocks at which a template is refused: Python's own stack ends in this range. */
const maxDepth = 200;

export class TokenStream {
  #at = 0;
  #depth = 0;

  constructor(private readonly tokens: Token[]) {}

  get current(): Token {
    return this.tokens[this.#at] as Token;
  }

  look(): Token {
    return this.tokens[Math.min(this.#at + 1, this.tokens.length - 1)] as Token;
  }

  next(): Token {
    const token = this.current;
    if (token.type !== "eof") this.#at += 1;
    return token;
  }

  /** Whether the current token is of a type, or (names) a word. */
  is(type: string, word?: string): boolean {
    return this.current.type === type && (word === undefined || this.current.text === word);
  }

  isWord(...words: string[]): boolean {
    return this.current.type === "name" && words.includes(this.current.text);
  }

  skipIf(type: string, word?: string): boolean {
    const found = this.is(type, word);
    if (found) this.next();
    return found;
  }

  expect(type: string, word?: string): Token {
    if (this.is(type, word)) return this.next();
    const expected = word ?? describeType(type);
    if (this.is("eof")) this.fail(`unexpected end of template, expected '${expected}'.`);
    this.fail(`expected token '${expected}', got '${describe(this.current)}'`);
  }

  fail(message: string, line = this.current.line): never {
    throw new TemplateSyntaxError(message, line);
  }

  nested<T>(parse: () => T): T {
    this.#depth += 1;
    if (this.#depth > maxDepth) this.fail("nested too deeply");
    const node = parse();
    this.#depth -= 1;
    return node;
  }
}

export function describe(token: Token): string {
  return token.type === "name" ? token.text : describeType(token.type);
}

const descriptions: Record<string, string> = {
  block_begin: "begin of statement block",
  block_end: "end of statement block",
  variable_begin: "begin of print statement",
  variable_end: "end of print statement",
  data: "template data / text",
  eof: "end of template",
};

function describeType(type: string): string {
  return descriptions[type] ?? type;
}
