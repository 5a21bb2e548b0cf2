// One render: its variables, its output, and how much it may still cost.
import { typeName } from "./compare.js";
import { TooCostly, typeError } from "./errors.js";
import { textOf, type Value } from "./values.js";

/** Loop rounds, calls and values handled: a second or two of work. Templates look back from each turn, so turns count squared. */
const maxSteps = (turns: number) => Math.min(5_000_000 + 20 * turns ** 2, 100_000_000);
/** UTF-16 units of any text, list items of any list. */
const maxLength = 64 * 1024 * 1024;
/** Macros and recursive loops within each other. Python's stack ends near 200, depending on what called it. */
const maxDepth = 150;

export class Run {
  /** What the innermost buffer holds: the render itself, or a macro, call, filter or set block. */
  out = "";
  #broken: Error | null = null;
  /** Buffers around this one. */
  #buffers = 0;
  #renderedLength = 0;
  #steps: number;
  #depth = 0;
  #generated: { start: number; text: string; buffered: boolean }[] = [];

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

  /** Notes the text of a {% generation %} block and where it begins as transformers' tracker counts: what lies in buffers does not count. */
  markGenerated(text: string): void {
    const buffered = this.#buffers > 0;
    this.#generated.push({ start: buffered ? this.#renderedLength : this.out.length, text, buffered });
  }

  /** [start, end) of the {% generation %} blocks in UTF-16 units of the output, in the order in which they ended. */
  generated(): [number, number][] {
    return this.#generated.map(({ start, text, buffered }) => {
      if (!buffered) return [start, start + text.length];
      // Off from the block's own text, but as many code points long.
      const [letters, all] = [[...text], [...this.out.slice(start)]];
      const length = all.slice(0, letters.length).join("").length;
      return [start, start + length + Math.max(0, letters.length - all.length)];
    });
  }

  write(text: string): void {
    this.out += text;
    if (this.out.length > maxLength) throw tooLong();
  }

  /** Writes what jinja2 does not make text of; other things than text break the buffer, which shows where it is joined. */
  writeResult(value: Value): void {
    const text = textOf(value);
    if (text !== null) this.write(text);
    else this.#broken ??= typeError(`sequence item: expected str instance, ${typeName(value)} found`);
  }

  /** The text of the render, or of the innermost buffer. */
  join(): string {
    if (this.#broken) throw this.#broken;
    return this.out;
  }

  /** The text that `body` writes. */
  capture(body: () => void): string {
    const [outer, broken] = [this.out, this.#broken];
    if (this.#buffers === 0) this.#renderedLength = outer.length;
    this.#buffers += 1;
    this.out = "";
    this.#broken = null;
    body();
    const text = this.join();
    this.out = outer;
    this.#broken = broken;
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
