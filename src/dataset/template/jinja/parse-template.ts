// Statements and whole templates, as jinja2's parser reads them with transformers' extensions: break, continue and generation.
import { tokenize } from "./lexer.js";
import type { CallBlock, Expr, Filter, FilterBlock, For, If, Macro, Name, Stmt, Target, With } from "./nodes.js";
import { parseExpression, parseFilter, parseNameTarget, parseTarget, parseTuple } from "./parse-expression.js";
import { TokenStream } from "./token-stream.js";

/** @throws TemplateSyntaxError with the line */
export function parseTemplate(source: string): Stmt[] {
  return parseUntil(new TokenStream(tokenize(source)), []);
}

/** Statements up to one of the end words, which is then the current token; up to the end of the template without any. */
function parseUntil(stream: TokenStream, endWords: string[]): Stmt[] {
  const body: Stmt[] = [];
  let output: (string | Expr)[] = [];
  const flush = () => {
    if (output.length > 0) body.push({ kind: "Output", nodes: output });
    output = [];
  };
  while (!stream.is("eof")) {
    const token = stream.next();
    if (token.type === "data") output.push(token.text);
    else if (token.type === "variable_begin") {
      output.push(parseTuple(stream));
      stream.expect("variable_end");
    } else {
      flush();
      if (stream.isWord(...endWords)) return body;
      body.push(stream.nested(() => parseStatement(stream, endWords)));
      stream.expect("block_end");
    }
  }
  flush();
  if (endWords.length > 0) {
    stream.fail(`Unexpected end of template. Jinja was looking for the following tags: ${quoted(endWords)}.`);
  }
  return body;
}

/** The body of a tag whose own words have been read; takes the end word when it can be only one. */
function parseBody(stream: TokenStream, ...endWords: string[]): Stmt[] {
  stream.skipIf(":");
  stream.expect("block_end");
  const body = parseUntil(stream, endWords);
  if (endWords.length === 1) stream.next();
  return body;
}

function parseStatement(stream: TokenStream, endWords: string[]): Stmt {
  const { type, text, line } = stream.current;
  if (type !== "name") stream.fail("tag name expected", line);
  const parse = statements[text];
  if (parse) {
    stream.next();
    return parse(stream, line);
  }
  const looking = endWords.length > 0 ? ` Jinja was looking for the following tags: ${quoted(endWords)}.` : "";
  stream.fail(`Encountered unknown tag '${text}'.${looking}`, line);
}

const statements: Record<string, ((stream: TokenStream, line: number) => Stmt) | undefined> = Object.assign(
  Object.create(null),
  {
    for: parseFor,
    if: parseIf,
    set: parseSet,
    macro: parseMacro,
    call: parseCallBlock,
    filter: parseFilterBlock,
    with: parseWith,
    print: parsePrint,
    generation: parseGeneration,
    break: (_: TokenStream, line: number) => ({ kind: "Break", line }),
    continue: (_: TokenStream, line: number) => ({ kind: "Continue", line }),
    extends: (stream: TokenStream, line: number) => load(parseExpression(stream), line, { extends: true }),
    include: parseInclude,
    import: parseImport,
    from: parseFromImport,
    block: parseBlock,
    autoescape: parseAutoescape,
  },
);

function quoted(words: string[]): string {
  return words.map((word) => `'${word}'`).join(" or ");
}

function parseSet(stream: TokenStream): Stmt {
  const target = parseTarget(stream, { ctx: "store", withNamespace: true });
  if (stream.skipIf("=")) return { kind: "Assign", target, node: parseTuple(stream) };
  let filter: Filter | null = null;
  while (stream.skipIf("|")) filter = parseFilter(stream, filter);
  return { kind: "AssignBlock", target, filter, body: parseBody(stream, "endset") };
}

function parseFor(stream: TokenStream, line: number): For {
  const target = parseTarget(stream, { ctx: "store", endWord: "in" });
  stream.expect("name", "in");
  const iter = parseTuple(stream, { withCondition: false, endWord: "recursive" });
  const test = stream.skipIf("name", "if") ? parseExpression(stream) : null;
  const recursive = stream.skipIf("name", "recursive");
  const body = parseBody(stream, "endfor", "else");
  const otherwise = stream.next().text === "else" ? parseBody(stream, "endfor") : [];
  return { kind: "For", target, iter, body, otherwise, test, recursive, line };
}

function parseIf(stream: TokenStream): If {
  const [test, body] = parseBranch(stream);
  const result: If = { kind: "If", test, body, elifs: [], otherwise: [] };
  for (;;) {
    const { text } = stream.next();
    if (text === "elif") {
      const [elifTest, elifBody] = parseBranch(stream);
      result.elifs.push({ kind: "If", test: elifTest, body: elifBody, elifs: [], otherwise: [] });
    } else {
      if (text === "else") result.otherwise = parseBody(stream, "endif");
      return result;
    }
  }
}

function parseBranch(stream: TokenStream): [Expr, Stmt[]] {
  const test = parseTuple(stream, { withCondition: false });
  return [test, parseBody(stream, "elif", "else", "endif")];
}

function parseWith(stream: TokenStream): With {
  const targets: Target[] = [];
  const values: Expr[] = [];
  while (!stream.is("block_end")) {
    if (targets.length > 0) stream.expect(",");
    targets.push(parseTarget(stream, { ctx: "param" }));
    stream.expect("=");
    values.push(parseExpression(stream));
  }
  return { kind: "With", targets, values, body: parseBody(stream, "endwith") };
}

function parseSignature(stream: TokenStream): { args: Name[]; defaults: Expr[] } {
  const args: Name[] = [];
  const defaults: Expr[] = [];
  stream.expect("(");
  while (!stream.is(")")) {
    if (args.length > 0) stream.expect(",");
    const arg = parseNameTarget(stream, "param");
    if (args.some(({ name }) => name === arg.name)) stream.fail(`duplicate argument '${arg.name}'`);
    if (stream.skipIf("=")) defaults.push(parseExpression(stream));
    else if (defaults.length > 0) stream.fail("non-default argument follows default argument");
    args.push(arg);
  }
  stream.expect(")");
  return { args, defaults };
}

function parseMacro(stream: TokenStream, line: number): Macro {
  const { name } = parseNameTarget(stream, "store");
  const { args, defaults } = parseSignature(stream);
  return { kind: "Macro", name, args, defaults, body: parseBody(stream, "endmacro"), line };
}

function parseCallBlock(stream: TokenStream, line: number): CallBlock {
  const { args, defaults } = stream.is("(") ? parseSignature(stream) : { args: [], defaults: [] };
  const call = parseExpression(stream);
  if (call.kind !== "Call") stream.fail("expected call", line);
  return { kind: "CallBlock", call, args, defaults, body: parseBody(stream, "endcall"), line };
}

function parseGeneration(stream: TokenStream, line: number): CallBlock {
  return { kind: "CallBlock", call: null, args: [], defaults: [], body: parseBody(stream, "endgeneration"), line };
}

function parseFilterBlock(stream: TokenStream): FilterBlock {
  let filter = parseFilter(stream, null);
  while (stream.skipIf("|")) filter = parseFilter(stream, filter);
  return { kind: "FilterBlock", body: parseBody(stream, "endfilter"), filter };
}

function parsePrint(stream: TokenStream): Stmt {
  const nodes: Expr[] = [];
  while (!stream.is("block_end")) {
    if (nodes.length > 0) stream.expect(",");
    nodes.push(parseExpression(stream));
  }
  return { kind: "Output", nodes };
}

function load(template: Expr, line: number, { names = [] as Name[], extends: isExtends = false } = {}): Stmt {
  return { kind: "Load", template, names, extends: isExtends, line };
}

function parseInclude(stream: TokenStream, line: number): Stmt {
  const template = parseExpression(stream);
  if (stream.skipIf("name", "ignore")) stream.expect("name", "missing");
  parseContextWords(stream);
  return load(template, line);
}

function parseImport(stream: TokenStream, line: number): Stmt {
  const template = parseExpression(stream);
  stream.expect("name", "as");
  const names = [parseNameTarget(stream, "store")];
  parseContextWords(stream);
  return load(template, line, { names });
}

function parseFromImport(stream: TokenStream, line: number): Stmt {
  const template = parseExpression(stream);
  stream.expect("name", "import");
  const names: Name[] = [];
  while (!parseContextWords(stream)) {
    if (names.length > 0) stream.expect(",");
    const name = parseNameTarget(stream, "store");
    if (name.name.startsWith("_")) stream.fail("names starting with an underline can not be imported", name.line);
    names.push(stream.skipIf("name", "as") ? parseNameTarget(stream, "store") : name);
    if (parseContextWords(stream) || !stream.is(",")) break;
  }
  return load(template, line, { names });
}

/** `with context` or `without context`. */
function parseContextWords(stream: TokenStream): boolean {
  if (!stream.isWord("with", "without") || stream.look().text !== "context") return false;
  stream.next();
  stream.next();
  return true;
}

function parseBlock(stream: TokenStream, line: number): Stmt {
  const { text } = stream.expect("name");
  stream.skipIf("name", "scoped");
  stream.skipIf("name", "required");
  parseBody(stream, "endblock");
  stream.skipIf("name", text);
  return { kind: "Unsupported", what: "block", line };
}

function parseAutoescape(stream: TokenStream, line: number): Stmt {
  parseExpression(stream);
  parseBody(stream, "endautoescape");
  return { kind: "Unsupported", what: "autoescape", line };
}
