// Canonical rows, whatever format they came in, and the facts about a dataset that rendering needs.
import type { Json, JsonObject } from "./json/json.js";

export type Role = "system" | "user" | "assistant" | "tool";

/** One turn, in the names of OpenAI's chat format, so that templates and engines read it as it is. Absent keys are absent, never null. */
export interface Message {
  role: Role;
  /** "" where the row says null or nothing. */
  content: string;
  /** What the assistant thought before it answered, without its tags (`<think>`). */
  reasoning_content?: string;
  /** Of the assistant. */
  tool_calls?: ToolCall[];
  /** Of a tool's answer: which call it answers. */
  tool_call_id?: string;
  /** Of the speaker; of a tool's answer the function's. */
  name?: string;
  /** Of an assistant turn that is not learnt. Absent: as the recipe's data.train_on says. */
  weight?: 0;
}

export interface ToolCall {
  id?: string;
  type: "function";
  /** `arguments`: an object; a string in the row that holds an object has been parsed. */
  function: { name: string; arguments: JsonObject };
}

/** What a conversation has beside its turns. */
export interface ChatExtras {
  /** Definitions in OpenAI's form, {type: "function", function: {name, description, parameters}}. */
  tools?: JsonObject[];
  /** Variables for the template, such as enable_thinking. */
  chat_template_kwargs?: { [name: string]: Json };
}

/** Alpaca, sharegpt and prompt+completion rows all become messages. */
export type CanonicalRow =
  /** A conversation. */
  | ({ kind: "messages"; messages: Message[] } & ChatExtras)
  | { kind: "text"; text: string }
  /** Two answers to one prompt, one of them better. */
  | ({ kind: "preference"; prompt: Message[]; chosen: Message[]; rejected: Message[] } & ChatExtras)
  /** One answer, good or bad. */
  | ({ kind: "unpaired"; prompt: Message[]; completion: Message[]; label: boolean } & ChatExtras)
  /** A prompt to sample answers to; the columns are for the reward functions. */
  | ({ kind: "prompt"; prompt: Message[]; columns: Record<string, Json> } & ChatExtras)
  /** Text in pieces, some of which are learnt: no template is put around it, no token added. */
  | { kind: "segments"; segments: Segment[] }
  /** Tokenised by whoever made it; a label of -100 carries no loss. As many labels as ids. */
  | { kind: "tokens"; ids: number[]; labels: number[] };

interface Segment {
  text: string;
  trained: boolean;
}

export type RowKind = CanonicalRow["kind"];

/** Where a row came from; lines count from 1 (for .json: the line on which the element starts, or the number of the element). */
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
  /** Of all rows together. */
  totalChars: number;
  /** Assistant turns in all conversations that are learnt: lines of the prompt-completion layout. */
  assistantTurns: number;
  /** What some row holds beside roles and contents, sorted. */
  carries: Carried[];
}

/** Keys of a turn, and of a whole conversation, that only some rows have. */
export type Carried = keyof Omit<Message, "role" | "content"> | keyof ChatExtras;

export type Severity = "error" | "warning" | "info";

/** One result of a data rule. */
export interface Finding {
  rule: string;
  severity: Severity;
  file: string;
  line: number;
  /** Personal data and secrets in it are masked. */
  message: string;
  fix?: string;
  /** Of the rule and the row's content, whatever its file and line: a baseline knows the finding by it. */
  fingerprint: string;
}
