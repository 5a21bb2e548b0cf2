// What a row of the rule table holds, and the two examples by which a rule is explained and tested.
import type { ObjectiveName } from "../../recipes/schema.js";
import type { Severity } from "../canonical.js";
import type { MaskEngine } from "../masks/mask-model.js";

export interface Rule {
  /** Of a finding, unless the place that reports it knows better (a cut answer is a warning, a mask that is always empty an error). */
  severity: Severity;
  /** What is wrong, as a heading over many findings. */
  title: string;
  /** What it does to the training. */
  why: string;
  /** What the person does. */
  fix: string;
  /** What `ft data fix` does about it; absent: a person must decide. */
  mends?: string;
  /** Rows that break the rule; null: it is found in what a run trained (`ft data preview --from-run`), not in rows. */
  bad: Example | null;
  /** The same, mended. */
  good: Example | null;
}

/** A small dataset. Lines are rows, or the text of a line where JSON cannot say what is meant. */
export interface Example {
  train: readonly ExampleLine[];
  eval?: readonly ExampleLine[];
  /** Rows of a benchmark that the training rows are held against. */
  against?: readonly ExampleLine[];
  objective?: ObjectiveName;
  /** Which tokenizer and template judge it: the model's own, or its tokenizer with this template. Absent: none. */
  template?: "own" | { source: string };
  /** What the training rows call the columns that a format knows by other names. */
  columns?: Readonly<Record<string, string>>;
  /** Whose loss mask; default trl's. */
  engine?: MaskEngine;
  /** Of the training rows' file; default train.jsonl. */
  file?: string;
  /** What the page shows of a file that is no text. */
  shown?: string;
  /** Of the training file: how often each of its rows is taken. */
  weight?: number;
}

/** `bytes`: latin-1 characters that stand for the file's bytes; `end`: what follows the line instead of a newline. */
export type ExampleLine = object | string | { bytes: string; end?: string };

export type RuleTable = Readonly<Record<string, Rule>>;

/** The conversation of one question and one answer, for the examples. */
export function chat(question: string, answer: string): { messages: { role: string; content: string }[] } {
  return {
    messages: [
      { role: "user", content: question },
      { role: "assistant", content: answer },
    ],
  };
}
