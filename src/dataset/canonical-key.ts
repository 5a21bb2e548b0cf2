// Identities of canonical rows: exact (sha256, names the row everywhere), loose (same but for case and spaces), and that of the prompt alone.
import { createHash } from "node:crypto";
import type { CanonicalRow, Message } from "./canonical.js";
import type { Json } from "./json.js";

/** sha256 of the canonical row, 32 bytes. Role and content decide, not the file format. */
export function rowDigest(row: CanonicalRow): Buffer {
  return sha256(JSON.stringify([row.kind, ...exactParts(row)]));
}

function exactParts(row: CanonicalRow): Json[] {
  switch (row.kind) {
    case "text":
      return [row.text];
    case "messages":
      return pairs(row.messages);
    case "preference":
      return [pairs(row.prompt), pairs(row.chosen), pairs(row.rejected)];
    case "unpaired":
      return [pairs(row.prompt), pairs(row.completion), row.label];
    case "prompt":
      return [pairs(row.prompt), sortedEntries(row.columns)];
  }
}

/** First 16 bytes of the sha256 of the row with case, compatibility forms and runs of whitespace evened out. */
export function looseDigest(row: CanonicalRow): Buffer {
  return evenDigest(looseParts(row));
}

function looseParts(row: CanonicalRow): string[] {
  switch (row.kind) {
    case "text":
      return [row.text];
    case "messages":
      return pairs(row.messages).flat();
    case "preference":
      return [row.prompt, row.chosen, row.rejected].flatMap((side) => ["side", ...pairs(side).flat()]);
    case "unpaired":
      return [...pairs(row.prompt).flat(), "label", String(row.label), ...pairs(row.completion).flat()];
    case "prompt":
      return [...pairs(row.prompt).flat(), "columns", JSON.stringify(sortedEntries(row.columns))];
  }
}

/** As `looseDigest`, but of the prompt alone: the same for all answers to one prompt. Conversations and plain text count whole. */
export function promptDigest(row: CanonicalRow): Buffer {
  return row.kind === "text" || row.kind === "messages"
    ? looseDigest(row)
    : evenDigest(["prompt", ...pairs(row.prompt).flat()]);
}

function pairs(messages: Message[]): [string, string][] {
  return messages.map(({ role, content }) => [role, content]);
}

function sortedEntries(columns: Record<string, Json>): [string, Json][] {
  return Object.entries(columns).sort(([a], [b]) => (a < b ? -1 : 1));
}

function evenDigest(parts: string[]): Buffer {
  return sha256(parts.map(evenOut).join("\u001f")).subarray(0, 16);
}

function evenOut(text: string): string {
  return text.normalize("NFKC").toLowerCase().replace(/\s+/g, " ").trim();
}

export function sha256(data: string | Buffer): Buffer {
  return createHash("sha256").update(data).digest();
}
