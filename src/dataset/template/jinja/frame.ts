// Where compiled code keeps variables: one array of slots for the template and one for each running macro or recursive loop.
import type { Run } from "./run.js";
import type { Ident, Symbols } from "./symbols.js";
import type { Value } from "./values.js";

/** What compiled code runs on. `undefined` in a slot: the variable is not set. */
export class Frame {
  readonly slots: (Value | undefined)[] = [];

  constructor(
    readonly run: Run,
    readonly outer: Frame | null,
  ) {}
}

export type Evaluate = (frame: Frame) => Value;

/** How a statement ended: on to the next, or break or continue of the loop around it. */
export enum Signal {
  Next = 0,
  Break = 1,
  Continue = 2,
}
export type Execute = (frame: Frame) => Signal;

/** Slots of the variables of one function: those of its own frames, whose levels begin at `baseLevel`. */
export class FunctionScope {
  readonly #slots = new Map<Ident, number>();

  constructor(
    readonly outer: FunctionScope | null,
    private readonly baseLevel: number,
  ) {}

  /** How many functions out a variable lives, and in which slot there. */
  place(ident: Ident): { depth: number; slot: number } {
    if (Number.parseInt(ident, 10) < this.baseLevel && this.outer) {
      const { depth, slot } = this.outer.place(ident);
      return { depth: depth + 1, slot };
    }
    let slot = this.#slots.get(ident);
    if (slot === undefined) {
      slot = this.#slots.size;
      this.#slots.set(ident, slot);
    }
    return { depth: 0, slot };
  }
}

/** What the compiler knows where it stands. */
export interface Place {
  symbols: Symbols;
  scope: FunctionScope;
  /** In an `if` or a condition: a filter that does not exist is an error only when it is reached. */
  soft: boolean;
  inLoop: boolean;
  /** Outside of loops, macros and blocks. */
  topLevel: boolean;
}

/** A frame inside of `place`, in the same function. */
export function inner(place: Place, symbols: Symbols): Place {
  return { ...place, symbols, soft: false, topLevel: false };
}

export function reader(scope: FunctionScope, ident: Ident): (frame: Frame) => Value | undefined {
  const { depth, slot } = scope.place(ident);
  if (depth === 0) return (frame) => frame.slots[slot];
  if (depth === 1) return (frame) => (frame.outer as Frame).slots[slot];
  return (frame) => outward(frame, depth).slots[slot];
}

export function writer(scope: FunctionScope, ident: Ident): (frame: Frame, value: Value | undefined) => void {
  const { depth, slot } = scope.place(ident);
  if (depth === 0) {
    return (frame, value) => {
      frame.slots[slot] = value;
    };
  }
  return (frame, value) => {
    outward(frame, depth).slots[slot] = value;
  };
}

function outward(frame: Frame, depth: number): Frame {
  let at = frame;
  for (let step = 0; step < depth; step += 1) at = at.outer as Frame;
  return at;
}

/** Sets the variables that a frame begins with. */
export function enterFrame({ symbols, scope }: Place): (frame: Frame) => void {
  const steps = [...symbols.loads].flatMap(([ident, load]): ((frame: Frame) => void)[] => {
    const write = writer(scope, ident);
    switch (load.action) {
      case "param":
        return [];
      case "resolve":
        return [(frame) => write(frame, frame.run.resolve(load.name))];
      case "alias": {
        const read = reader(scope, load.of);
        return [(frame) => write(frame, read(frame))];
      }
      default:
        return [(frame) => write(frame, undefined)];
    }
  });
  return inOrder(steps);
}

export function leaveFrame({ symbols, scope }: Place): (frame: Frame) => void {
  const writes = [...symbols.loads.keys()].map((ident) => writer(scope, ident));
  return inOrder(writes.map((write) => (frame: Frame) => write(frame, undefined)));
}

function inOrder(steps: ((frame: Frame) => void)[]): (frame: Frame) => void {
  const [first, second] = steps;
  if (!first) return () => {};
  if (!second) return first;
  return (frame) => {
    for (const step of steps) step(frame);
  };
}
