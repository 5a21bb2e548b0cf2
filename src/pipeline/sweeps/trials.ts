// Which trials a sweep has: a pure function of space, method and seed. The same seed gives the same trials on every machine and in every version.
import { createHash } from "node:crypto";
import { FtError } from "../../errors.js";
import { type Choices, isRange, type Range, type Space, type Value } from "./space.js";

/** One choice of a value for each key. */
export type Values = Record<string, Value>;

/** A number of digits that a person still reads; a learning rate needs no more. */
const digits = 4;
const parts = 4;
/** In a space that is nearly used up, chance alone would take for ever. */
const mostTries = 1_000;

/** How many combinations there are; null: as many as one likes, as a key has a continuous range. */
export function sizeOf(space: Space): number | null {
  let size = 1;
  for (const choices of Object.values(space)) {
    if (!isRange(choices)) size *= choices.length;
    else if (choices.scale === "int") size *= choices.max - choices.min + 1;
    else return null;
  }
  return size;
}

/**
 * Every combination, the last key fastest; whole-number ranges step by step.
 * Throws FtError sweep.no-grid (a continuous range), sweep.large-grid (more than `most`); exit usage.
 */
export function gridTrials(space: Space, most: number): Values[] {
  const size = sizeOf(space);
  if (size === null) throw noGrid(space);
  if (size > most) throw largeGrid(size, most);
  return Object.entries(space).reduce<Values[]>(
    (trials, [key, choices]) => trials.flatMap((trial) => allOf(choices).map((value) => ({ ...trial, [key]: value }))),
    [{}],
  );
}

/**
 * `count` different combinations, each value drawn by itself: uniformly from a list or range, with scale log uniformly in the logarithm.
 * Of each four draws of a key one is in each quarter, in an order of chance, so that a few trials do not lie together (Latin hypercube
 * sampling, McKay, Beckman and Conover 1979). Fewer where the space has no more. A larger count begins with the same trials, and the order of the keys does not matter.
 */
export function randomTrials(space: Space, { count, seed }: { count: number; seed: number }): Values[] {
  const size = sizeOf(space) ?? Number.POSITIVE_INFINITY;
  const trials: Values[] = [];
  const seen = new Set<string>();
  for (let draw = 0; trials.length < Math.min(count, size) && draw < count * mostTries; draw++) {
    const values = Object.fromEntries(
      Object.entries(space).map(([key, choices]) => [key, pick(choices, place(seed, key, draw))]),
    );
    const identity = JSON.stringify(Object.entries(values).toSorted(([a], [b]) => (a < b ? -1 : 1)));
    if (seen.has(identity)) continue;
    seen.add(identity);
    trials.push(values);
  }
  return trials;
}

/** In [0, 1): somewhere in the part that is this draw's among those of its block. */
function place(seed: number, key: string, draw: number): number {
  const first = draw - (draw % parts);
  const order = Array.from({ length: parts }, (_, index) => chance(`${seed}\n${key}\n${first + index}`));
  const part = order.filter((each) => each < order[draw - first]!).length;
  return (part + chance(`${seed}\n${key}\n${draw}\nwithin`)) / parts;
}

/** In [0, 1), 52 bits of a hash: no generator whose state would depend on what was drawn before. */
function chance(what: string): number {
  const hash = createHash("sha256").update(what).digest("hex");
  return Number.parseInt(hash.slice(0, 13), 16) / 2 ** 52;
}

function pick(choices: Choices, chosen: number): Value {
  return isRange(choices) ? within(choices, chosen) : choices[Math.floor(chosen * choices.length)]!;
}

function within({ min, max, scale }: Range, chosen: number): number {
  if (scale === "int") return min + Math.floor(chosen * (max - min + 1));
  const value = scale === "log" ? min * (max / min) ** chosen : min + chosen * (max - min);
  return Math.min(max, Math.max(min, Number(value.toPrecision(digits))));
}

function allOf(choices: Choices): Value[] {
  if (!isRange(choices)) return choices;
  return Array.from({ length: choices.max - choices.min + 1 }, (_, index) => choices.min + index);
}

function noGrid(space: Space): FtError {
  const ranges = Object.entries(space).filter(([, choices]) => isRange(choices) && choices.scale !== "int");
  return new FtError({
    code: "sweep.no-grid",
    exit: "usage",
    message: `a grid needs lists, and ${ranges.map(([key]) => key).join(", ")} has a range`,
    next: "list its values, or use method random or halving",
  });
}

function largeGrid(size: number, most: number): FtError {
  return new FtError({
    code: "sweep.large-grid",
    exit: "usage",
    message: `the grid has ${size} trials, and ${most} are allowed`,
    next: `set trials to ${size} if you mean it, or use method random, which takes ${most} of them by seed`,
  });
}
