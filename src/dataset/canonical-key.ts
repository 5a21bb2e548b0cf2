// Identities of canonical rows: exact (sha256, names the row everywhere), loose (same but for case and spaces), and that of the prompt alone.
import { hash } from "node:crypto";
import type { CanonicalRow, Message } from "./canonical.js";
import { extrasOf, restOfTurn, saidBesides } from "./carried.js";
import type { Json } from "./json/json.js";
import { stringifyJson } from "./json/stringify-json.js";

/** sha256 of the canonical row, 32 bytes. What its turns hold decides, not the file format. */
export function rowDigest(row: CanonicalRow): Buffer {
  return sha256(stringifyJson([row.kind, ...exactParts(row), ...extraParts(row)]));
}

function exactParts(row: CanonicalRow): Json[] {
  switch (row.kind) {
    case "text":
      return [row.text];
    case "messages":
      return exactTurns(row.messages);
    case "preference":
      return [exactTurns(row.prompt), exactTurns(row.chosen), exactTurns(row.rejected)];
    case "unpaired":
      return [exactTurns(row.prompt), exactTurns(row.completion), row.label];
    case "prompt":
      return [exactTurns(row.prompt), sortedEntries(row.columns)];
    case "segments":
      return row.segments.map(({ text, trained }) => [text, trained]);
    case "tokens":
      return [row.ids, row.labels];
  }
}

/** [role, content], and what else the turn holds where it holds more. */
function exactTurns(messages: Message[]): Json[][] {
  return messages.map((turn) => {
    const rest = restOfTurn(turn);
    return rest ? [turn.role, turn.content, rest] : [turn.role, turn.content];
  });
}

function extraParts(row: CanonicalRow): Json[] {
  const extras = extrasOf(row);
  return Object.keys(extras).length === 0 ? [] : [extras as Json];
}

/** First 16 bytes of the sha256 of the row with case, compatibility forms and runs of whitespace evened out. What of it is learnt plays no part. */
export function looseDigest(row: CanonicalRow): Buffer {
  return evenDigest([...looseParts(row), ...extraParts(row).map(stringifyJson)]);
}

function looseParts(row: CanonicalRow): string[] {
  switch (row.kind) {
    case "text":
      return [row.text];
    case "messages":
      return looseTurns(row.messages);
    case "preference":
      return [row.prompt, row.chosen, row.rejected].flatMap((side) => ["side", ...looseTurns(side)]);
    case "unpaired":
      return [...looseTurns(row.prompt), "label", String(row.label), ...looseTurns(row.completion)];
    case "prompt":
      return [...looseTurns(row.prompt), "columns", stringifyJson(sortedEntries(row.columns))];
    case "segments":
      return [row.segments.map(({ text }) => text).join("")];
    case "tokens":
      return [stringifyJson(row.ids)];
  }
}

/** `looseDigest` of a conversation, and of all of it but its last turn. */
export function looseDigests(row: Extract<CanonicalRow, { kind: "messages" }>): { whole: Buffer; prompt: Buffer } {
  const prompt = looseTurns(row.messages.slice(0, -1)).map(evenOut);
  const last = looseTurns(row.messages.slice(-1)).map(evenOut);
  const extras = extraParts(row).map((part) => evenOut(stringifyJson(part)));
  return { whole: joinedDigest([...prompt, ...last, ...extras]), prompt: joinedDigest([...prompt, ...extras]) };
}

/** As `looseDigest`, but of the prompt alone: the same for all answers to one prompt. Rows that have none count whole. */
export function promptDigest(row: CanonicalRow): Buffer {
  if (!("prompt" in row)) return looseDigest(row);
  return evenDigest(["prompt", ...looseTurns(row.prompt), ...extraParts(row).map(stringifyJson)]);
}

function looseTurns(messages: Message[]): string[] {
  const parts: string[] = [];
  for (const turn of messages) {
    const rest = saidBesides(turn);
    parts.push(turn.role, turn.content);
    if (rest) parts.push(stringifyJson(rest));
  }
  return parts;
}

function sortedEntries(columns: Record<string, Json>): [string, Json][] {
  return Object.entries(columns).sort(([a], [b]) => (a < b ? -1 : 1));
}

function evenDigest(parts: string[]): Buffer {
  return joinedDigest(parts.map(evenOut));
}

function joinedDigest(evened: string[]): Buffer {
  return sha256(evened.join("\u001f")).subarray(0, 16);
}

/** NFKC, lower case, each run of whitespace one space, none at the ends; the costly steps only where they change something. */
function evenOut(text: string): string {
  if (!beyondPlain.test(text) && !text.includes("  ")) return text.toLowerCase().trim();
  return text.normalize("NFKC").toLowerCase().replace(unevenSpace, " ").trim();
}

/** Other than printable ASCII: no such text has compatibility forms, and no other whitespace than the space. */
const beyondPlain = /[^\x20-\x7e]/;
/** A run of whitespace other than one space. */
const unevenSpace = /(?:\u0020{2,}|\u0020?[^\S\u0020])\s*/g;

export function sha256(data: string | Buffer): Buffer {
  return hash("sha256", data, "buffer");
}
