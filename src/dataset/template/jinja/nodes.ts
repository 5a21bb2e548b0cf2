// The syntax tree, with jinja2's names. Keys stand in jinja2's order of fields: walks over children rely on it.
import type { Value } from "./values.js";

export type NameContext = "load" | "store" | "param";

export interface Name {
  kind: "Name";
  name: string;
  ctx: NameContext;
  line: number;
}
interface NsRef {
  kind: "NSRef";
  name: string;
  attr: string;
  line: number;
}
export interface TupleNode {
  kind: "Tuple";
  items: Expr[];
  line: number;
}
interface Keyword {
  key: string;
  value: Expr;
}
export interface Arguments {
  args: Expr[];
  kwargs: Keyword[];
  dynArgs: Expr | null;
  dynKwargs: Expr | null;
}
export type Call = { kind: "Call"; node: Expr; line: number } & Arguments;
export type Filter = { kind: "Filter"; node: Expr | null; name: string; line: number } & Arguments;
export type Test = { kind: "Test"; node: Expr; name: string; line: number } & Arguments;
export type BinaryOperator = "+" | "-" | "*" | "/" | "//" | "%" | "**";
export type CompareOperator = "==" | "!=" | "<" | "<=" | ">" | ">=" | "in" | "not in";

export interface Slice {
  kind: "Slice";
  start: Expr | null;
  stop: Expr | null;
  step: Expr | null;
}

export type Expr =
  | Name
  | NsRef
  | TupleNode
  | Call
  | Filter
  | Test
  | Slice
  | { kind: "Const"; value: Value }
  | { kind: "List"; items: Expr[] }
  | { kind: "Dict"; items: { key: Expr; value: Expr }[] }
  | { kind: "CondExpr"; test: Expr; then: Expr; otherwise: Expr | null; line: number }
  | { kind: "Binary"; operator: BinaryOperator; left: Expr; right: Expr }
  | { kind: "And" | "Or"; left: Expr; right: Expr }
  | { kind: "Not" | "Neg" | "Pos"; node: Expr }
  | { kind: "Compare"; first: Expr; ops: { operator: CompareOperator; expr: Expr }[] }
  | { kind: "Concat"; nodes: Expr[] }
  | { kind: "Getattr"; node: Expr; attr: string }
  | { kind: "Getitem"; node: Expr; arg: Expr };

export type Target = Name | NsRef | TupleNode;

export interface MacroLike {
  args: Name[];
  defaults: Expr[];
  body: Stmt[];
  line: number;
}
export type Macro = { kind: "Macro"; name: string } & MacroLike;
/** Without `call`: a {% generation %} block. */
export type CallBlock = { kind: "CallBlock"; call: Call | null } & MacroLike;

export interface For {
  kind: "For";
  target: Target;
  iter: Expr;
  body: Stmt[];
  otherwise: Stmt[];
  test: Expr | null;
  recursive: boolean;
  line: number;
}
export interface If {
  kind: "If";
  test: Expr;
  body: Stmt[];
  elifs: If[];
  otherwise: Stmt[];
}
export interface AssignBlock {
  kind: "AssignBlock";
  target: Target;
  filter: Filter | null;
  body: Stmt[];
}
export interface FilterBlock {
  kind: "FilterBlock";
  body: Stmt[];
  filter: Filter;
}
export interface With {
  kind: "With";
  targets: Target[];
  values: Expr[];
  body: Stmt[];
}

export type Stmt =
  | { kind: "Output"; nodes: (string | Expr)[] }
  | { kind: "Assign"; target: Target; node: Expr }
  | AssignBlock
  | For
  | If
  | Macro
  | CallBlock
  | FilterBlock
  | With
  | { kind: "Break" | "Continue"; line: number }
  /** extends, include, import: there is no loader, so Python raises when it gets there. */
  | { kind: "Load"; template: Expr; names: Name[]; extends: boolean; line: number }
  /** block and autoescape: not rebuilt here. */
  | { kind: "Unsupported"; what: string; line: number };

/** The nodes right below one, in jinja2's order. */
export function children(node: object): object[] {
  if ("kind" in node && node.kind === "Const") return [];
  const found: object[] = [];
  for (const value of Object.values(node)) {
    if (Array.isArray(value)) {
      for (const each of value) if (typeof each === "object" && each !== null) found.push(each);
    } else if (typeof value === "object" && value !== null) found.push(value);
  }
  return found;
}
