// Which variable a name means in which frame: jinja2's idtracking, whose rules (a loop does not leak, an `if` does, a macro reads
// what its surroundings hold when it is called) decide what a template prints.
import { children, type Expr, type For, type MacroLike, type Name, type Stmt, type Target } from "./nodes.js";

/** `level:name`; the level is that of the frame that defined it. */
export type Ident = string;

export type Load =
  | { action: "param" | "undefined" }
  /** From the render's variables. */
  | { action: "resolve"; name: string }
  /** A copy of an outer variable. */
  | { action: "alias"; of: Ident };

export class Symbols {
  readonly level: number;
  refs = new Map<string, Ident>();
  loads = new Map<Ident, Load>();
  stores = new Set<string>();

  constructor(readonly parent: Symbols | null) {
    this.level = parent ? parent.level + 1 : 0;
  }

  findRef(name: string): Ident | undefined {
    return this.refs.get(name) ?? this.parent?.findRef(name);
  }

  ref(name: string): Ident {
    const ident = this.findRef(name);
    if (ident === undefined) throw new Error(`no variable for ${name}`);
    return ident;
  }

  declareParameter(name: string): Ident {
    this.stores.add(name);
    return this.#define(name, { action: "param" });
  }

  load(name: string): void {
    if (this.findRef(name) === undefined) this.#define(name, { action: "resolve", name });
  }

  store(name: string): void {
    this.stores.add(name);
    if (this.refs.has(name)) return;
    const outer = this.parent?.findRef(name);
    this.#define(name, outer === undefined ? { action: "undefined" } : { action: "alias", of: outer });
  }

  copy(): Symbols {
    const copy = new Symbols(this.parent);
    copy.refs = new Map(this.refs);
    copy.loads = new Map(this.loads);
    copy.stores = new Set(this.stores);
    return copy;
  }

  /** What the branches of an `if` store may be stored or not: its variables start from outside. */
  branchUpdate(branches: Symbols[]): void {
    const stored = new Set(branches.flatMap((branch) => [...branch.stores]));
    for (const name of this.stores) stored.delete(name);
    for (const branch of branches) {
      for (const [name, ident] of branch.refs) this.refs.set(name, ident);
      for (const [ident, load] of branch.loads) this.loads.set(ident, load);
      for (const name of branch.stores) this.stores.add(name);
    }
    for (const name of stored) {
      const outer = this.parent?.findRef(name);
      this.loads.set(
        this.ref(name),
        outer === undefined ? { action: "resolve", name } : { action: "alias", of: outer },
      );
    }
  }

  #define(name: string, load: Load): Ident {
    const ident = `${this.level}:${name}`;
    this.refs.set(name, ident);
    this.loads.set(ident, load);
    return ident;
  }
}

export function symbolsOfTemplate(body: Stmt[], { readsSelf }: { readsSelf: boolean }): Symbols {
  const symbols = new Symbols(null);
  if (readsSelf) symbols.declareParameter("self");
  return addBody(symbols, body);
}

/** For `with`, set, filter and similar blocks: a frame inside `parent`. */
export function symbolsOfBlock(parent: Symbols, body: Stmt[], targets: Target[] = []): Symbols {
  const symbols = new Symbols(parent);
  for (const target of targets) visit(symbols, target);
  return addBody(symbols, body);
}

/** Adds what a macro or call block declares; called again after the special parameters are declared. */
export function addMacro(symbols: Symbols, { args, defaults, body }: MacroLike): Symbols {
  for (const each of [...args, ...defaults]) visit(symbols, each);
  return addBody(symbols, body);
}

export function addLoopBody(symbols: Symbols, { target, body }: For): Symbols {
  declareTargets(symbols, target);
  return addBody(symbols, body);
}

export function symbolsOfLoopTest(parent: Symbols, { target, test }: For): Symbols {
  const symbols = new Symbols(parent);
  declareTargets(symbols, target);
  if (test) visit(symbols, test);
  return symbols;
}

/** Which of the names are read below before they are stored there; looks into inner frames too. */
export function findUndeclared(body: object[], names: string[]): Set<string> {
  const wanted = new Set(names);
  const found = new Set<string>();
  const search = (node: object) => {
    if (isName(node)) {
      if (node.ctx === "load" && wanted.has(node.name)) found.add(node.name);
      else wanted.delete(node.name);
    }
    for (const child of children(node)) search(child);
  };
  for (const node of body) search(node);
  return found;
}

/** The line of a name that is stored below, or null. */
export function findStore(node: object, name: string): number | null {
  if (isName(node) && node.ctx === "store" && node.name === name) return node.line;
  for (const child of children(node)) {
    const line = findStore(child, name);
    if (line !== null) return line;
  }
  return null;
}

function isName(node: object): node is Name {
  return "kind" in node && node.kind === "Name";
}

function addBody(symbols: Symbols, body: Stmt[]): Symbols {
  for (const statement of body) visit(symbols, statement);
  return symbols;
}

function declareTargets(symbols: Symbols, target: Target | Expr): void {
  if (target.kind === "Name") symbols.declareParameter(target.name);
  else if (target.kind === "NSRef") symbols.load(target.name);
  else if (target.kind === "Tuple") for (const item of target.items) declareTargets(symbols, item);
}

/** What a node adds to the frame it stands in; inner frames are not entered. */
function visit(symbols: Symbols, node: Stmt | Expr | object): void {
  const each = node as Stmt | Expr | { kind?: undefined };
  switch (each.kind) {
    case "Name":
      if (each.ctx === "param") symbols.declareParameter(each.name);
      else if (each.ctx === "store") symbols.store(each.name);
      else symbols.load(each.name);
      break;
    case "NSRef":
      symbols.load(each.name);
      break;
    case "If":
      visitIf(symbols, each);
      break;
    case "Macro":
      symbols.store(each.name);
      break;
    case "Assign":
      visit(symbols, each.node);
      visit(symbols, each.target);
      break;
    case "For":
      visit(symbols, each.iter);
      break;
    case "CallBlock":
      if (each.call) visit(symbols, each.call);
      break;
    case "FilterBlock":
      visit(symbols, each.filter);
      break;
    case "With":
      for (const value of each.values) visit(symbols, value);
      break;
    case "AssignBlock":
      visit(symbols, each.target);
      break;
    default:
      for (const child of children(each)) visit(symbols, child);
  }
}

function visitIf(symbols: Symbols, node: Extract<Stmt, { kind: "If" }>): void {
  visit(symbols, node.test);
  const branches = [node.body, node.elifs, node.otherwise].map((branch) => addBody(symbols.copy(), branch));
  symbols.branchUpdate(branches);
}
