// The `loop` variable.
import { equals } from "./compare.js";
import { PyError, typeError } from "./errors.js";
import type { Run } from "./run.js";
import { Callable, PyObject, Tuple, Undefined, type Value } from "./values.js";

type Recurse = (run: Run, iterable: Value, depth0: number) => Value;

const missing = Symbol("no item");

export class LoopContext extends PyObject {
  readonly typeName = "LoopContext";
  current: Value = null;
  #index0 = -1;
  #before: Value | undefined;
  #after: Value | typeof missing | undefined;
  #changed: Tuple | undefined;

  constructor(
    private iterator: Iterator<Value>,
    /** null: not known before all items have been taken. */
    private knownLength: number | null,
    private readonly recurse: Recurse | null = null,
    private readonly depth0 = 0,
  ) {
    super();
  }

  /** Takes the next item into `current`; false at the end. */
  advance(): boolean {
    const next = this.#peek();
    this.#after = undefined;
    if (next === missing) return false;
    this.#index0 += 1;
    this.#before = this.#index0 === 0 ? undefined : this.current;
    this.current = next;
    return true;
  }

  #peek(): Value | typeof missing {
    if (this.#after === undefined) {
      const step = this.iterator.next();
      this.#after = step.done ? missing : step.value;
    }
    return this.#after;
  }

  override get length(): number {
    if (this.knownLength !== null) return this.knownLength;
    const ahead = this.#after !== undefined && this.#after !== missing ? 1 : 0;
    const rest = Array.from({ [Symbol.iterator]: () => this.iterator });
    this.iterator = rest[Symbol.iterator]();
    if (rest.length > 0 && this.#after === missing) this.#after = undefined;
    this.knownLength = this.#index0 + 1 + ahead + rest.length;
    return this.knownLength;
  }

  override get truthy(): boolean {
    return this.length > 0;
  }

  override get printed(): string {
    return `<LoopContext ${this.#index0 + 1}/${this.length}>`;
  }

  override iterate(): Iterator<Value> {
    return {
      next: () =>
        this.advance() ? { done: false, value: new Tuple([this.current, this]) } : { done: true, value: null },
    };
  }

  override get function(): Callable {
    return new Callable("loop", (run, args, kwargs) => {
      if (args.length !== 1 || kwargs) throw typeError("LoopContext.__call__() takes one argument");
      if (this.recurse) return this.recurse(run, args[0] as Value, this.depth0 + 1);
      throw typeError("The loop must have the 'recursive' marker to be called recursively.");
    });
  }

  override attribute(name: string): Value | undefined {
    switch (name) {
      case "index":
        return this.#index0 + 1;
      case "index0":
        return this.#index0;
      case "first":
        return this.#index0 === 0;
      case "last":
        return this.#peek() === missing;
      case "length":
        return this.length;
      case "revindex":
        return this.length - this.#index0;
      case "revindex0":
        return this.length - this.#index0 - 1;
      case "previtem":
        return this.#before ?? (this.#index0 > 0 ? null : new Undefined(() => "there is no previous item"));
      case "nextitem": {
        const next = this.#peek();
        return next === missing ? new Undefined(() => "there is no next item") : next;
      }
      case "depth":
        return this.depth0 + 1;
      case "depth0":
        return this.depth0;
      case "cycle":
        return new Callable("cycle", (_, args) => this.#cycle(args));
      case "changed":
        return new Callable("changed", (run, args) => this.#hasChanged(run, new Tuple(args)));
    }
    return undefined;
  }

  #cycle(args: Value[]): Value {
    if (args.length === 0) throw new PyError("TypeError", "no items for cycling given");
    return args[this.#index0 % args.length] as Value;
  }

  #hasChanged(run: Run, value: Tuple): boolean {
    if (this.#changed && equals(run, this.#changed, value)) return false;
    this.#changed = value;
    return true;
  }
}
