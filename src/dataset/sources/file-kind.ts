// What a data file is: its first bytes decide, then its name.
import { extname } from "node:path";

/** How its bytes are packed. */
export type Packing = "gzip" | "zstd";

/** What its (unpacked) bytes are. */
export type FileKind = "json" | "csv" | "text" | "parquet" | "arrow-file" | "arrow-stream";

/** A kind of file that holds no rows for ft. */
export interface Refusal {
  what: string;
  next: string;
}

const asUtf8 = "save it as UTF-8: iconv -f UTF-16 -t UTF-8 <file>";

const refusals: { bytes: number[]; refusal: Refusal }[] = [
  { bytes: [0x50, 0x4b, 0x03, 0x04], refusal: { what: "zip", next: "unpack it and name the data file" } },
  { bytes: [0xff, 0xfe], refusal: { what: "UTF-16 text", next: asUtf8 } },
  { bytes: [0xfe, 0xff], refusal: { what: "UTF-16 text", next: asUtf8 } },
  { bytes: [...Buffer.from("PARE")], refusal: { what: "encrypted Parquet", next: "decrypt it" } },
  { bytes: [...Buffer.from("FEA1")], refusal: { what: "Feather version 1", next: "write it as Feather 2 or Parquet" } },
  { bytes: [...Buffer.from("BZh")], refusal: { what: "bzip2", next: "unpack it: bunzip2 <file>" } },
  { bytes: [0xfd, 0x37, 0x7a, 0x58, 0x5a], refusal: { what: "xz", next: "unpack it: unxz <file>" } },
  {
    bytes: [...Buffer.from("SQLite format 3")],
    refusal: { what: "an SQLite database", next: "export its table as .csv" },
  },
];

export function packingOf(head: Buffer): Packing | null {
  if (startsWith(head, [0x1f, 0x8b])) return "gzip";
  return startsWith(head, [0x28, 0xb5, 0x2f, 0xfd]) || isSkippableFrame(head) ? "zstd" : null;
}

/** zstd files may begin with frames that hold no data (RFC 8878, 3.1.2). */
function isSkippableFrame(head: Buffer): boolean {
  return head.length >= 8 && (head[0]! & 0xf0) === 0x50 && startsWith(head.subarray(1), [0x2a, 0x4d, 0x18]);
}

/** Of bytes that cannot be rows; null when they may be. */
export function refusalOf(head: Buffer): Refusal | null {
  for (const { bytes, refusal } of refusals) if (startsWith(head, bytes)) return refusal;
  if (isBinaryKind(head) || beginsAsJson(head) || !head.includes(0)) return null;
  return { what: "it holds NUL bytes", next: "name a data file: .jsonl, .json, .csv, .tsv, .txt, .parquet or .arrow" };
}

/** A NUL byte in such a file is one row's fault. */
function beginsAsJson(head: Buffer): boolean {
  const text = head
    .subarray(hasMark(head) ? 3 : 0, 64)
    .toString("latin1")
    .trimStart();
  return text.startsWith("{") || text.startsWith("[");
}

function isBinaryKind(head: Buffer): boolean {
  return startsWith(head, [...Buffer.from("PAR1")]) || isArrow(head) !== null;
}

function isArrow(head: Buffer): "arrow-file" | "arrow-stream" | null {
  if (startsWith(head, [...Buffer.from("ARROW1")])) return "arrow-file";
  // A stream begins with its schema: a mark, then the length of the message.
  const isStream = startsWith(head, [0xff, 0xff, 0xff, 0xff]) && head.length >= 8 && head.readInt32LE(4) > 0;
  return isStream ? "arrow-stream" : null;
}

/** By the bytes; where they are text, by the name (without .gz or .zst), and for all other names it should be JSON. */
export function kindOf(head: Buffer, name: string): FileKind {
  if (startsWith(head, [...Buffer.from("PAR1")])) return "parquet";
  return isArrow(head) ?? kindByName[innerExtension(name)] ?? "json";
}

const kindByName: Readonly<Record<string, FileKind>> = {
  ".csv": "csv",
  ".tsv": "csv",
  ".tab": "csv",
  ".txt": "text",
  ".text": "text",
};

/** "rows.jsonl.gz" -> ".jsonl" */
export function innerExtension(name: string): string {
  const inner = name.replace(/\.(gz|gzip|zst|zstd)$/i, "");
  return extname(inner).toLowerCase();
}

export function hasMark(head: Buffer): boolean {
  return startsWith(head, [0xef, 0xbb, 0xbf]);
}

function startsWith(head: Buffer, bytes: number[]): boolean {
  return head.length >= bytes.length && bytes.every((byte, index) => head[index] === byte);
}

/** What a folder may hold as data, by ending. */
export const dataExtensions: readonly string[] = [
  ".jsonl",
  ".ndjson",
  ".json",
  ".csv",
  ".tsv",
  ".parquet",
  ".arrow",
  ".feather",
  ".txt",
];
