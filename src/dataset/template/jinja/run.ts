// One render: its variables, its output, and how much it may still cost.
import { TooCostly } from "./errors.js";
import type { Value } from "./values.js";

/** Loop rounds, calls and values handled: some seconds of work; a chat template with thousands of turns needs a small part of it. */
const maxSteps = 50_000_000;
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
  #steps = maxSteps;
  #depth = 0;
  /** [start, end) of {% generation %} blocks in UTF-16 units, in the order in which they ended. */
  readonly generated: [number, number][] = [];

  constructor(
    private readonly variables: ReadonlyMap<string, Value>,
    private readonly globals: ReadonlyMap<string, Value>,
    readonly now: () => Date,
  ) {}

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
    if (this.#steps < 0) throw new TooCostly(`more than ${maxSteps} steps`);
  }

  /** Before a text or list of this length is made. */
  reserve(length: number): void {
    if (length > maxLength) throw tooLong();
    this.spend(length >> 6);
  }
}

function tooLong(): TooCostly {
  return new TooCostly(`text of more than ${maxLength} characters`);
}
