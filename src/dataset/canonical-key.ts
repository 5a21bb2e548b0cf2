// Identities of canonical rows: exact (sha256, names the row everywhere) and loose (same but for case and spaces).
import { createHash } from "node:crypto";
import type { CanonicalRow } from "./canonical.js";

/** sha256 of the canonical row, 32 bytes. Role and content decide, not the file format. */
export function rowDigest(row: CanonicalRow): Buffer {
  const parts =
    row.kind === "text"
      ? ["text", row.text]
      : ["messages", ...row.messages.map(({ role, content }) => [role, content])];
  return sha256(JSON.stringify(parts));
}

/** First 16 bytes of the sha256 of the row with case, compatibility forms and runs of whitespace evened out. */
export function looseDigest(row: CanonicalRow): Buffer {
  const parts = row.kind === "text" ? [row.text] : row.messages.flatMap(({ role, content }) => [role, content]);
  return sha256(parts.map(evenOut).join("\u001f")).subarray(0, 16);
}

function evenOut(text: string): string {
  return text.normalize("NFKC").toLowerCase().replace(/\s+/g, " ").trim();
}

export function sha256(data: string | Buffer): Buffer {
  return createHash("sha256").update(data).digest();
}
