// One render: its variables, its output, and how much it may still cost.
import { TooCostly } from "./errors.js";
import type { Value } from "./values.js";

/** Loop rounds, calls and values handled: a second or two of work. Templates look back from each turn, so turns count squared. */
const maxSteps = (turns: number) => Math.min(5_000_000 + 20 * turns ** 2, 100_000_000);
/** UTF-16 units of any text, list items of any list. */
const maxLength = 64 * 1024 * 1024;
/** Macros and recursive loops within each other. Python's stack ends near 200, depending on what called it. */
const maxDepth = 150;

export class Run {
  /** What the innermost buffer holds: the render itself, or a macro, call, filter or set block. */
  out = "";
  /** Buffers around this one. */
  #buffers = 0;
  #renderedLength = 0;
  #steps: number;
  #depth = 0;
  /** [start, end) of {% generation %} blocks in UTF-16 units, in the order in which they ended. */
  readonly generated: [number, number][] = [];

  constructor(
    private readonly variables: ReadonlyMap<string, Value>,
    private readonly globals: ReadonlyMap<string, Value>,
    readonly now: () => Date,
    turns: number,
  ) {
    this.#steps = maxSteps(turns);
  }

  /** `undefined`: no such variable. */
  resolve(name: string): Value | undefined {
    const value = this.variables.get(name);
    return value === undefined ? this.globals.get(name) : value;
  }

  /** What has been given out, as transformers' tracker counts it: what lies in buffers does not count. */
  get renderedLength(): number {
    return this.#buffers === 0 ? this.out.length : this.#renderedLength;
  }

  write(text: string): void {
    this.out += text;
    if (this.out.length > maxLength) throw tooLong();
  }

  /** The text that `body` writes. `null` from it: the buffer was left by break or continue. */
  capture(body: () => void): string {
    const outer = this.out;
    if (this.#buffers === 0) this.#renderedLength = outer.length;
    this.#buffers += 1;
    this.out = "";
    body();
    const text = this.out;
    this.out = outer;
    this.#buffers -= 1;
    return text;
  }

  deeper<T>(body: () => T): T {
    this.#depth += 1;
    if (this.#depth > maxDepth) throw new TooCostly(`calls ${maxDepth} deep`);
    const result = body();
    this.#depth -= 1;
    return result;
  }

  spend(steps: number): void {
    this.#steps -= steps;
    if (this.#steps < 0) throw new TooCostly("more steps than so many turns can need");
  }

  /** Before a text or list of this length is made. */
  reserve(length: number): void {
    if (length > maxLength) throw tooLong();
    this.spend(length >> 8);
  }
}

function tooLong(): TooCostly {
  return new TooCostly(`text of more than ${maxLength} characters`);
}
