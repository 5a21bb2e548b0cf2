// Expressions, as jinja2's parser reads them: same precedence, same oddities.
import type { Arguments, CompareOperator, Expr, Filter, NameContext, Target, TupleNode } from "./nodes.js";
import { describe, type TokenStream } from "./token-stream.js";

interface TupleOptions {
  /** Only names and literals: a target. */
  simplified?: boolean;
  withCondition?: boolean;
  /** A word that ends the tuple. */
  endWord?: string;
  explicitParentheses?: boolean;
  withNamespace?: boolean;
}

export function parseExpression(stream: TokenStream, { withCondition = true } = {}): Expr {
  return stream.nested(() => (withCondition ? parseCondition(stream) : parseOr(stream)));
}

/** One expression, or a tuple where commas follow. */
export function parseTuple(stream: TokenStream, options: TupleOptions = {}): Expr {
  const { simplified, withCondition = true, endWord, explicitParentheses, withNamespace = false } = options;
  const parse = () =>
    simplified ? parsePrimary(stream, { withNamespace }) : parseExpression(stream, { withCondition });
  const items: Expr[] = [];
  let isTuple = false;
  let line = stream.current.line;
  for (;;) {
    if (items.length > 0) stream.expect(",");
    if (["variable_end", "block_end", ")"].includes(stream.current.type) || (endWord && stream.is("name", endWord)))
      break;
    items.push(parse());
    if (!stream.is(",")) break;
    isTuple = true;
    line = stream.current.line;
  }
  if (!isTuple) {
    if (items[0]) return items[0];
    if (!explicitParentheses) stream.fail(`Expected an expression, got '${describe(stream.current)}'`);
  }
  return { kind: "Tuple", items, line };
}

const constants = ["true", "false", "none", "True", "False", "None"];

/** A name as the grammar wants it where only a name may stand. */
export function parseNameTarget(stream: TokenStream, ctx: NameContext) {
  const { text, line } = stream.expect("name");
  if (constants.includes(text)) stream.fail("can't assign to 'name'", line);
  return { kind: "Name" as const, name: text, ctx, line };
}

export function parseTarget(
  stream: TokenStream,
  { ctx, endWord, withNamespace = false }: { ctx: NameContext; endWord?: string; withNamespace?: boolean },
): Target {
  const { line } = stream.current;
  const target = parseTuple(stream, { simplified: true, withNamespace, ...(endWord && { endWord }) });
  return toTarget(target, ctx) ?? stream.fail(`can't assign to '${target.kind.toLowerCase()}'`, line);
}

function toTarget(node: Expr, ctx: NameContext): Target | null {
  if (node.kind === "Name") return { ...node, ctx };
  if (node.kind === "NSRef") return node;
  if (node.kind !== "Tuple") return null;
  const items = node.items.map((item) => toTarget(item, ctx));
  return items.includes(null) ? null : ({ ...node, items } as TupleNode);
}

function parseCondition(stream: TokenStream): Expr {
  let { line } = stream.current;
  let then = parseOr(stream);
  while (stream.skipIf("name", "if")) {
    const test = parseOr(stream);
    const otherwise = stream.skipIf("name", "else") ? stream.nested(() => parseCondition(stream)) : null;
    then = { kind: "CondExpr", test, then, otherwise, line };
    line = stream.current.line;
  }
  return then;
}

function parseOr(stream: TokenStream): Expr {
  let left = parseAnd(stream);
  while (stream.skipIf("name", "or")) left = { kind: "Or", left, right: parseAnd(stream) };
  return left;
}

function parseAnd(stream: TokenStream): Expr {
  let left = parseNot(stream);
  while (stream.skipIf("name", "and")) left = { kind: "And", left, right: parseNot(stream) };
  return left;
}

function parseNot(stream: TokenStream): Expr {
  if (!stream.skipIf("name", "not")) return parseCompare(stream);
  return { kind: "Not", node: stream.nested(() => parseNot(stream)) };
}

const comparisons = ["==", "!=", "<", "<=", ">", ">="];

function parseCompare(stream: TokenStream): Expr {
  const first = parseSum(stream);
  const ops: { operator: CompareOperator; expr: Expr }[] = [];
  for (;;) {
    const { type } = stream.current;
    if (comparisons.includes(type)) {
      stream.next();
      ops.push({ operator: type as CompareOperator, expr: parseSum(stream) });
    } else if (stream.skipIf("name", "in")) ops.push({ operator: "in", expr: parseSum(stream) });
    else if (stream.is("name", "not") && stream.look().type === "name" && stream.look().text === "in") {
      stream.next();
      stream.next();
      ops.push({ operator: "not in", expr: parseSum(stream) });
    } else break;
  }
  return ops.length === 0 ? first : { kind: "Compare", first, ops };
}

function parseSum(stream: TokenStream): Expr {
  let left = parseConcat(stream);
  while (stream.is("+") || stream.is("-")) {
    const operator = stream.next().type as "+" | "-";
    left = { kind: "Binary", operator, left, right: parseConcat(stream) };
  }
  return left;
}

function parseConcat(stream: TokenStream): Expr {
  const nodes = [parseProduct(stream)];
  while (stream.skipIf("~")) nodes.push(parseProduct(stream));
  return nodes.length === 1 ? (nodes[0] as Expr) : { kind: "Concat", nodes };
}

function parseProduct(stream: TokenStream): Expr {
  let left = parsePower(stream);
  while (["*", "/", "//", "%"].includes(stream.current.type)) {
    const operator = stream.next().type as "*" | "/" | "//" | "%";
    left = { kind: "Binary", operator, left, right: parsePower(stream) };
  }
  return left;
}

function parsePower(stream: TokenStream): Expr {
  let left = parseUnary(stream);
  while (stream.skipIf("**")) left = { kind: "Binary", operator: "**", left, right: parseUnary(stream) };
  return left;
}

function parseUnary(stream: TokenStream, { withFilter = true } = {}): Expr {
  const sign = stream.skipIf("-") ? "Neg" : stream.skipIf("+") ? "Pos" : null;
  const node: Expr = sign
    ? { kind: sign, node: stream.nested(() => parseUnary(stream, { withFilter: false })) }
    : parsePrimary(stream);
  const whole = parsePostfix(stream, node);
  return withFilter ? parseFilters(stream, whole) : whole;
}

function parsePrimary(stream: TokenStream, { withNamespace = false } = {}): Expr {
  const token = stream.current;
  const { line } = token;
  switch (token.type) {
    case "name":
      stream.next();
      return nameOrConstant(stream, token.text, line, withNamespace);
    case "string": {
      let value = "";
      while (stream.is("string")) value += stream.next().value as string;
      return { kind: "Const", value };
    }
    case "integer":
    case "float":
      stream.next();
      return { kind: "Const", value: token.value ?? null };
    case "(": {
      stream.next();
      const node = stream.nested(() => parseTuple(stream, { explicitParentheses: true }));
      stream.expect(")");
      return node;
    }
    case "[":
      return { kind: "List", items: parseItems(stream, "[", "]", () => parseExpression(stream)) };
    case "{":
      return { kind: "Dict", items: parseItems(stream, "{", "}", () => parsePair(stream)) };
    default:
      stream.fail(`unexpected '${describe(token)}'`, line);
  }
}

function nameOrConstant(stream: TokenStream, name: string, line: number, withNamespace: boolean): Expr {
  if (name === "true" || name === "True") return { kind: "Const", value: true };
  if (name === "false" || name === "False") return { kind: "Const", value: false };
  if (name === "none" || name === "None") return { kind: "Const", value: null };
  if (withNamespace && stream.skipIf(".")) return { kind: "NSRef", name, attr: stream.expect("name").text, line };
  return { kind: "Name", name, ctx: "load", line };
}

function parseItems<T>(stream: TokenStream, open: string, close: string, parse: () => T): T[] {
  stream.expect(open);
  const items: T[] = [];
  while (!stream.is(close)) {
    if (items.length > 0) stream.expect(",");
    if (stream.is(close)) break;
    items.push(parse());
  }
  stream.expect(close);
  return items;
}

function parsePair(stream: TokenStream) {
  const key = parseExpression(stream);
  stream.expect(":");
  return { key, value: parseExpression(stream) };
}

function parsePostfix(stream: TokenStream, start: Expr): Expr {
  let node = start;
  for (;;) {
    if (stream.is(".") || stream.is("[")) node = parseSubscript(stream, node);
    else if (stream.is("(")) node = parseCall(stream, node);
    else return node;
  }
}

function parseFilters(stream: TokenStream, start: Expr): Expr {
  let node = start;
  for (;;) {
    if (stream.skipIf("|")) node = parseFilter(stream, node);
    else if (stream.is("name", "is")) node = parseTest(stream, node);
    else if (stream.is("(")) node = parseCall(stream, node);
    else return node;
  }
}

function parseSubscript(stream: TokenStream, node: Expr): Expr {
  const { type } = stream.next();
  if (type === ".") {
    const attribute = stream.next();
    if (attribute.type === "name") return { kind: "Getattr", node, attr: attribute.text };
    if (attribute.type !== "integer") stream.fail("expected name or number", attribute.line);
    return { kind: "Getitem", node, arg: { kind: "Const", value: attribute.value ?? null } };
  }
  const { line } = stream.current;
  const args: Expr[] = [];
  while (!stream.is("]")) {
    if (args.length > 0) stream.expect(",");
    args.push(parseSubscribed(stream));
  }
  stream.expect("]");
  return { kind: "Getitem", node, arg: args.length === 1 ? (args[0] as Expr) : { kind: "Tuple", items: args, line } };
}

function parseSubscribed(stream: TokenStream): Expr {
  let start: Expr | null = null;
  if (!stream.is(":")) {
    start = parseExpression(stream);
    if (!stream.is(":")) return start;
  }
  stream.next();
  const part = () => (stream.is(":") || stream.is("]") || stream.is(",") ? null : parseExpression(stream));
  const stop = part();
  const step = stream.skipIf(":") ? part() : null;
  return { kind: "Slice", start, stop, step };
}

function parseCall(stream: TokenStream, node: Expr): Expr {
  const { line } = stream.current;
  return { kind: "Call", node, ...parseArguments(stream), line };
}

function parseArguments(stream: TokenStream): Arguments {
  const found: Arguments = { args: [], kwargs: [], dynArgs: null, dynKwargs: null };
  const { line } = stream.expect("(");
  const ensure = (valid: boolean) => valid || stream.fail("invalid syntax for function call expression", line);
  let needsComma = false;
  while (!stream.is(")")) {
    if (needsComma) {
      stream.expect(",");
      if (stream.is(")")) break;
    }
    needsComma = true;
    if (stream.skipIf("*")) {
      ensure(!found.dynArgs && !found.dynKwargs);
      found.dynArgs = parseExpression(stream);
    } else if (stream.skipIf("**")) {
      ensure(!found.dynKwargs);
      found.dynKwargs = parseExpression(stream);
    } else if (stream.is("name") && stream.look().type === "=") {
      ensure(!found.dynKwargs);
      const key = stream.next().text;
      stream.next();
      if (found.kwargs.some((keyword) => keyword.key === key)) stream.fail(`keyword argument repeated: ${key}`);
      found.kwargs.push({ key, value: parseExpression(stream) });
    } else {
      ensure(!found.dynArgs && !found.dynKwargs && found.kwargs.length === 0);
      found.args.push(parseExpression(stream));
    }
  }
  stream.expect(")");
  return found;
}

/** After the bar. */
export function parseFilter(stream: TokenStream, node: Expr | null): Filter {
  const { line } = stream.current;
  const name = parseDottedName(stream);
  const args = stream.is("(") ? parseArguments(stream) : { args: [], kwargs: [], dynArgs: null, dynKwargs: null };
  return { kind: "Filter", node, name, ...args, line };
}

const beginsArgument = ["name", "string", "integer", "float", "[", "{"];

function parseTest(stream: TokenStream, node: Expr): Expr {
  const { line } = stream.next();
  const negated = stream.skipIf("name", "not");
  const name = parseDottedName(stream);
  let args: Arguments = { args: [], kwargs: [], dynArgs: null, dynKwargs: null };
  if (stream.is("(")) args = parseArguments(stream);
  else if (beginsArgument.includes(stream.current.type) && !stream.isWord("else", "or", "and")) {
    if (stream.is("name", "is")) stream.fail("You cannot chain multiple tests with is");
    args.args = [parsePostfix(stream, parsePrimary(stream))];
  }
  const test: Expr = { kind: "Test", node, name, ...args, line };
  return negated ? { kind: "Not", node: test } : test;
}

function parseDottedName(stream: TokenStream): string {
  let name = stream.expect("name").text;
  while (stream.skipIf(".")) name += `.${stream.expect("name").text}`;
  return name;
}
