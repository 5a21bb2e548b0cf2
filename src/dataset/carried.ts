// What a canonical row holds beside roles and contents: engines must be told of it, and identities count it.
import type { CanonicalRow, Carried, ChatExtras, Message } from "./canonical.js";
import type { Json } from "./json/json.js";
import { stringifyJson } from "./json/stringify-json.js";

const ofTurns = ["name", "reasoning_content", "tool_call_id", "tool_calls", "weight"] as const satisfies Carried[];
const ofChats = ["chat_template_kwargs", "tools"] as const satisfies Carried[];

/** The lists of turns of a row, by the key that holds them. */
function sidesOf(row: CanonicalRow): Message[][] {
  switch (row.kind) {
    case "messages":
      return [row.messages];
    case "preference":
      return [row.prompt, row.chosen, row.rejected];
    case "unpaired":
      return [row.prompt, row.completion];
    case "prompt":
      return [row.prompt];
    default:
      return [];
  }
}

/** The keys that this row has, in no order. */
export function carriedBy(row: CanonicalRow): Set<Carried> {
  const carried = new Set<Carried>();
  for (const turns of sidesOf(row))
    for (const turn of turns) for (const key of ofTurns) if (turn[key] !== undefined) carried.add(key);
  const extras = extrasOf(row);
  for (const key of ofChats) if (extras[key] !== undefined) carried.add(key);
  return carried;
}

/** Of a conversation of any kind; of other rows nothing. */
export function extrasOf(row: CanonicalRow): ChatExtras {
  if (!("tools" in row || "chat_template_kwargs" in row)) return {};
  return {
    ...(row.tools && { tools: row.tools }),
    ...(row.chat_template_kwargs && { chat_template_kwargs: row.chat_template_kwargs }),
  };
}

/** What a turn has beside role and content, keys sorted; null: nothing. */
export function restOfTurn(turn: Message): { [key: string]: Json } | null {
  return keysOfTurn(turn, ofTurns);
}

/** As `restOfTurn`, without what is learnt of it. */
export function saidBesides(turn: Message): { [key: string]: Json } | null {
  return keysOfTurn(turn, ofSaying);
}

const ofSaying = ofTurns.filter((key) => key !== "weight");

function keysOfTurn(turn: Message, keys: readonly (typeof ofTurns)[number][]): { [key: string]: Json } | null {
  let rest: { [key: string]: Json } | null = null;
  for (const key of keys) {
    if (turn[key] === undefined) continue;
    rest ??= {};
    rest[key] = turn[key] as unknown as Json;
  }
  return rest;
}

/** The same to the model; what of it is learnt plays no part. */
export function isSameTurn(a: Message, b: Message): boolean {
  if (a.role !== b.role || a.content !== b.content) return false;
  const [restA, restB] = [saidBesides(a), saidBesides(b)];
  return restA === null || restB === null ? restA === restB : stringifyJson(restA) === stringifyJson(restB);
}
