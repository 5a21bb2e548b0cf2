// Identities of canonical rows: exact (sha256, names the row everywhere) and loose (same but for case and spaces).
import { createHash } from "node:crypto";
import type { CanonicalRow, Message } from "./canonical.js";
import { allTurns } from "./row-turns.js";

/** sha256 of the canonical row, 32 bytes. Role and content decide, not the file format. */
export function rowDigest(row: CanonicalRow): Buffer {
  return sha256(JSON.stringify(exactParts(row)));
}

function exactParts(row: CanonicalRow): unknown[] {
  const pairs = (turns: Message[]) => turns.map(({ role, content }) => [role, content]);
  switch (row.kind) {
    case "text":
      return ["text", row.text];
    case "messages":
      return ["messages", ...pairs(row.messages)];
    case "preference":
      return ["preference", pairs(row.prompt), pairs(row.chosen), pairs(row.rejected)];
    case "unpaired":
      return ["unpaired", pairs(row.prompt), pairs(row.completion), row.label];
    case "prompt":
      return ["prompt", pairs(row.prompt), row.columns];
  }
}

/** First 16 bytes of the sha256 of the row with case, compatibility forms and runs of whitespace evened out. */
export function looseDigest(row: CanonicalRow): Buffer {
  return looseParts(row.kind === "text" ? [row.text] : spoken(allTurns(row)), labelOf(row));
}

/** The same of the prompt alone; of conversations and text, which have no prompt apart, of the whole row. */
export function looseGroupDigest(row: CanonicalRow, loose: Buffer = looseDigest(row)): Buffer {
  return "prompt" in row ? looseParts(spoken(row.prompt), "") : loose;
}

function looseParts(parts: string[], label: string): Buffer {
  return sha256(parts.map(evenOut).join("\u001f") + label).subarray(0, 16);
}

function spoken(turns: Message[]): string[] {
  return turns.flatMap(({ role, content }) => [role, content]);
}

/** What tells rows apart beside their turns. */
function labelOf(row: CanonicalRow): string {
  if (row.kind === "unpaired") return `\u001e${row.label}`;
  return row.kind === "prompt" ? `\u001e${JSON.stringify(row.columns)}` : "";
}

function evenOut(text: string): string {
  return text.normalize("NFKC").toLowerCase().replace(/\s+/g, " ").trim();
}

export function sha256(data: string | Buffer): Buffer {
  return createHash("sha256").update(data).digest();
}
