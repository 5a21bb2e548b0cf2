// `ft data fix`: writes mended copies of JSON lines files, and a report of every change; never in place, all or nothing.
import { createReadStream } from "node:fs";
import { type FileHandle, mkdir, open, rename, rm, stat } from "node:fs/promises";
import { basename, join } from "node:path";
import { FtError } from "../../errors.js";
import type { CanonicalRow } from "../canonical.js";
import { rowDigest } from "../canonical-key.js";
import type { FormatName, RowFormat } from "../formats/format.js";
import { formatNamed, recogniseRows, sampleRows } from "../formats/recognise.js";
import { type Json, recordOf } from "../json/json.js";
import { parseJson } from "../json/parse-json.js";
import { stringifyJson } from "../json/stringify-json.js";
import { createRowIndex } from "../row-index.js";
import { judgeRow } from "../row-rules.js";
import { maskText } from "../rules/mask-text.js";
import { type RowProblem, type RuleId, rules } from "../rules.js";
import { type Piece, splitLines } from "../sources/split-lines.js";
import { fixRow } from "./fix-row.js";

export interface FixInput {
  files: readonly FixFile[];
  /** Folder for the copies; made when it is not there. */
  out: string;
  /** Rows that cannot be mended are left out. */
  drop: boolean;
  maskPii: boolean;
  signal?: AbortSignal;
}

interface FixFile {
  path: string;
  /** How the person called it. */
  name: string;
  format: FormatName | "auto";
}

export interface FixReport {
  files: { from: string; to: string; rows: number; written: number }[];
  /** Path of the list of changes, one JSON object a line. */
  changes: string;
  /** By rule. */
  fixed: Record<string, number>;
  dropped: Record<string, number>;
  /** Rows with errors that stay as they are. */
  left: Record<string, number>;
}

interface Change {
  file: string;
  line: number;
  rule: RuleId;
  action: "fixed" | "dropped" | "left";
  /** Masked, and cut to where they differ. */
  before?: string;
  after?: string;
  message?: string;
}

/** @throws FtError usage.exists, usage.not-json-lines, data.missing, data.unwritable; nothing is left behind then */
export async function fixFiles(input: FixInput): Promise<FixReport> {
  const outputs = input.files.map((file) => ({ ...file, target: join(input.out, basename(file.name)) }));
  const changesPath = join(input.out, "fixes.jsonl");
  await refuseOutputs([...outputs.map(({ target }) => target), changesPath]);
  for (const { name, path } of outputs) await refuseOthers(name, path);
  await mkdir(input.out, { recursive: true });
  const report: FixReport = { files: [], changes: changesPath, fixed: {}, dropped: {}, left: {} };
  const changes = await openWriter(changesPath);
  const writers = [changes];
  try {
    const seen = createRowIndex();
    for (const { name, path, target, format: asked } of outputs) {
      const writer = await openWriter(target);
      writers.push(writer);
      const counts = { from: name, to: target, rows: 0, written: 0 };
      report.files.push(counts);
      const tell = async (change: Omit<Change, "file">): Promise<void> => {
        const byRule = report[change.action];
        byRule[change.rule] = (byRule[change.rule] ?? 0) + 1;
        await changes.write(JSON.stringify({ file: name, ...change }));
      };
      const format = asked === "auto" ? await recognise(path) : formatNamed(asked);
      for await (const piece of linesOf(path)) {
        input.signal?.throwIfAborted();
        counts.rows += 1;
        const { text, told, row } = fixLine(piece, format, input);
        for (const change of told) await tell({ line: piece.line, ...change });
        const first =
          row && seen.add(rowDigest(row).subarray(0, 16) as Buffer, rowDigest(row), { file: name, line: piece.line });
        if (first)
          await tell({
            line: piece.line,
            rule: "DUP001",
            action: "dropped",
            message: `the same as ${first.place.file}:${first.place.line}`,
          });
        if (text === null || first) continue;
        counts.written += 1;
        await writer.write(text);
      }
    }
    for (const writer of writers) await writer.finish();
    return report;
  } catch (error) {
    for (const writer of writers) await writer.discard();
    throw error;
  }
}

type Told = Omit<Change, "file" | "line">;

/** `text` null: the line is dropped. `row`: what it is, for finding copies. */
function fixLine(
  { line, bytes }: Piece,
  format: RowFormat | null,
  { drop, maskPii }: Pick<FixInput, "drop" | "maskPii">,
): { text: string | null; told: Told[]; row: CanonicalRow | null } {
  const told: Told[] = [];
  const hasMark = line === 1 && bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf;
  const hasReturn = bytes.at(-1) === 0x0d;
  const plain = bytes.subarray(hasMark ? 3 : 0, hasReturn ? -1 : undefined).toString();
  if (hasMark) told.push({ rule: "FILE004", action: "fixed", before: "byte order mark", after: "" });
  if (hasReturn) told.push({ rule: "FILE005", action: "fixed", before: "CR LF", after: "LF" });
  const parsed = parseJson(plain);
  if ("problem" in parsed) return unfixable(plain, told, drop, { rule: "FILE001", message: parsed.problem });
  const { row: mended, fixes } = fixRow(parsed.value, { maskPii });
  for (const { rule, before, after } of fixes) told.push({ rule, action: "fixed", ...difference(before, after) });
  const text = fixes.length > 0 ? stringifyJson(mended) : plain;
  const { row, problem } = judge(mended, format);
  return problem ? unfixable(text, told, drop, problem) : { text, told, row };
}

function unfixable(
  text: string,
  told: Told[],
  drop: boolean,
  { rule, message }: RowProblem,
): { text: string | null; told: Told[]; row: null } {
  const change: Told = { rule, action: drop ? "dropped" : "left", message: maskText(message) };
  return { text: drop ? null : text, told: [...told, change], row: null };
}

/** The canonical row, or the error that keeps it from being one. */
function judge(value: Json, format: RowFormat | null): { row: CanonicalRow | null; problem: RowProblem | null } {
  const problems: RowProblem[] = [];
  const record = recordOf(value);
  const row = record && format?.recognises(record) ? format.convert(record, (each) => problems.push(each)) : null;
  if (row) problems.push(...judgeRow(row));
  const problem = problems.find(({ rule, severity }) => (severity ?? rules[rule].severity) === "error");
  if (problem) return { row: null, problem };
  return row
    ? { row, problem: null }
    : { row: null, problem: { rule: "SCH000", message: "the row has no known format, or not that of the file" } };
}

const shown = 40;

/** Masked before it is cut: half an address would be no address. */
function difference(before: string, after: string): { before: string; after: string } {
  const [a, b] = [maskText(before), maskText(after)];
  let at = 0;
  while (at < a.length && a[at] === b[at]) at += 1;
  const from = Math.max(0, at - shown / 2);
  return { before: a.slice(from, from + shown), after: b.slice(from, from + shown) };
}

async function recognise(path: string): Promise<RowFormat | null> {
  const values: unknown[] = [];
  for await (const { bytes } of linesOf(path)) {
    const parsed = parseJson(bytes.toString().replace(/^\ufeff/, ""));
    values.push("value" in parsed ? recordOf(parsed.value) : null);
    if (values.length === sampleRows) break;
  }
  return recogniseRows(values);
}

function linesOf(path: string): AsyncGenerator<Piece> {
  return splitLines(createReadStream(path, { highWaterMark: 1 << 20 }) as AsyncIterable<Buffer>);
}

async function refuseOutputs(paths: string[]): Promise<void> {
  for (const [index, path] of paths.entries()) {
    const isThere = paths.indexOf(path) !== index || (await stat(path).catch(() => null)) !== null;
    if (!isThere) continue;
    throw new FtError({
      code: "usage.exists",
      exit: "usage",
      message: `${path} is there already, or is written twice`,
      next: "name another folder with --out: ft data fix replaces nothing",
    });
  }
}

/** Only JSON lines: of other files a copy in the same form cannot be written. */
async function refuseOthers(name: string, path: string): Promise<void> {
  const handle = await open(path, "r").catch((error: NodeJS.ErrnoException) => {
    throw new FtError({
      code: "data.missing",
      exit: "data",
      message: `the data file ${name} cannot be read`,
      where: { file: name },
      why: error.message,
      next: "check the path",
      cause: error,
    });
  });
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(4096), 0, 4096, 0);
    const start = buffer
      .toString("latin1", 0, bytesRead)
      .replace(/^\xef\xbb\xbf/, "")
      .trimStart();
    if (start.startsWith("{")) return;
  } finally {
    await handle.close();
  }
  throw new FtError({
    code: "usage.not-json-lines",
    exit: "usage",
    message: `${name} is no JSON lines file`,
    where: { file: name },
    next: "`ft data convert` writes JSON lines of it; fix those",
  });
}

interface Writer {
  write(line: string): Promise<void>;
  /** Puts the file in place. */
  finish(): Promise<void>;
  discard(): Promise<void>;
}

const bufferedChars = 1 << 20;

async function openWriter(path: string): Promise<Writer> {
  const partial = `${path}.partial`;
  const handle: FileHandle = await open(partial, "wx").catch((error: NodeJS.ErrnoException) => {
    throw new FtError({
      code: "data.unwritable",
      exit: "environment",
      message: `${partial} cannot be written`,
      why: error.message,
      next: "remove it when no other `ft data fix` is writing it, or name another folder with --out",
      cause: error,
    });
  });
  let waiting = "";
  const flush = async (): Promise<void> => {
    const text = waiting;
    waiting = "";
    await handle.writeFile(text);
  };
  return {
    async write(line) {
      waiting += `${line}\n`;
      if (waiting.length > bufferedChars) await flush();
    },
    async finish() {
      await flush();
      await handle.sync();
      await handle.close();
      await rename(partial, path);
    },
    async discard() {
      await handle.close().catch(() => {});
      await rm(partial, { force: true });
    },
  };
}
