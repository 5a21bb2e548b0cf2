// How another tool's config becomes a recipe: a table of its keys, each with the recipe key that means the same, or why there is none.
import type { EngineName } from "../../recipes/schema.js";

export type Values = Record<string, unknown>;

/** Recipe keys by dotted path. */
export type Assignments = Record<string, unknown>;

export interface NotEquivalent {
  key: string;
  value: unknown;
  why: string;
}

/** Why a value cannot be said. `essential`: without it the recipe would train something else. */
export interface Reason {
  why: string;
  essential?: boolean;
}

/** A value that a script works out, as it is written there. */
export class Computed {
  constructor(readonly text: string) {}
  toJSON(): string {
    return this.text;
  }
}

/** What a key becomes: a recipe key, recipe keys worked out from its value, or nothing, for the reason given. */
export type Rule =
  | string
  | ((value: unknown, all: Values) => Assignments | Reason)
  /** Of no matter to a recipe: nothing is lost without it. */
  | null;

export interface Dialect {
  name: string;
  /** The engine whose own keys may be kept under engine.overrides. */
  engine: EngineName;
  recognises(values: Values): boolean;
  rules: Record<string, Rule>;
  /** Keys by their beginning, for families such as wandb_*. */
  ignored: RegExp;
  /** What follows from several keys, or from a key that is absent. */
  settle(values: Values): Assignments;
  /** What a person should know that no single key says. */
  notes?(values: Values): string[];
}

export interface Imported {
  dialect: string;
  /** As a person writes a recipe. */
  recipe: Values;
  notEquivalent: NotEquivalent[];
  notes: string[];
}

/** Puts assignments into a nested map; `undefined` is left out. */
export function nest(assignments: Assignments): Values {
  const nested: Values = {};
  for (const [path, value] of Object.entries(assignments)) {
    if (value === undefined) continue;
    const keys = path.split(".");
    let at = nested;
    for (const key of keys.slice(0, -1)) {
      at[key] ??= {};
      at = at[key] as Values;
    }
    at[keys.at(-1)!] = value;
  }
  return nested;
}

/** A rule for words that are called otherwise in a recipe. */
export function oneOf(path: string, words: Record<string, unknown>, { essential = false } = {}): Rule {
  return (value) => {
    const word = String(value);
    if (Object.hasOwn(words, word)) return { [path]: words[word] };
    return { why: `${path} has no such choice`, essential };
  };
}

/** A rule for switches: only `true` says something. */
export function whenTrue(assignments: Assignments): Rule {
  return (value) => (value === true || value === "true" ? assignments : {});
}

export function isMap(value: unknown): value is Values {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function number(value: unknown, otherwise: number): number {
  const parsed = typeof value === "string" ? Number(value) : value;
  return typeof parsed === "number" && Number.isFinite(parsed) ? parsed : otherwise;
}
