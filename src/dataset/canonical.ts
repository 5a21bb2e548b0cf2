// Canonical rows, whatever format they came in, and the facts about a dataset that rendering needs.

export type Role = "system" | "user" | "assistant" | "tool";

export interface Message {
  role: Role;
  content: string;
}

export type Json = string | number | boolean | null | Json[] | { [key: string]: Json };

/** Alpaca, sharegpt and prompt+completion rows all become messages. */
export type CanonicalRow =
  /** A conversation. */
  | { kind: "messages"; messages: Message[] }
  | { kind: "text"; text: string }
  /** Two answers to one prompt, one of them better. */
  | { kind: "preference"; prompt: Message[]; chosen: Message[]; rejected: Message[] }
  /** One answer, good or bad. */
  | { kind: "unpaired"; prompt: Message[]; completion: Message[]; label: boolean }
  /** A prompt to sample answers to; the columns are for the reward functions. */
  | { kind: "prompt"; prompt: Message[]; columns: Record<string, Json> };

export type RowKind = CanonicalRow["kind"];

/** Where a row came from; lines count from 1 (for .json: the line on which the element starts). */
export interface RowPlace {
  file: string;
  line: number;
}

export interface DatasetFacts {
  train: SplitFacts;
  eval: SplitFacts | null;
}

export interface SplitFacts {
  /** As often as they are taken: a row of weight 2 counts twice. */
  rows: number;
  /** sha256 over the canonical rows in order, hex: same rows, same hash, whatever the file format. */
  sha256: string;
  kinds: Record<RowKind, number>;
  /** Characters of the longest row: its prompt with the longer of its answers. */
  longestChars: number;
  /** Assistant turns in all conversations: lines of the prompt-completion layout. */
  assistantTurns: number;
}

export type Severity = "error" | "warning" | "info";

/** One result of a data rule. */
export interface Finding {
  rule: string;
  severity: Severity;
  file: string;
  line: number;
  message: string;
  fix?: string;
}
