// A suite's data file as items: what is asked, what is right, and by what fields results are shown apart.
import { createHash } from "node:crypto";
import { relative } from "node:path";
import type { CanonicalRow, ChatExtras, Message } from "../../dataset/canonical.js";
import { rowDigest } from "../../dataset/canonical-key.js";
import { extrasOf } from "../../dataset/carried.js";
import { filesOf } from "../../dataset/dataset-facts.js";
import { type Json, recordOf } from "../../dataset/json/json.js";
import { stringifyJson } from "../../dataset/json/stringify-json.js";
import { type LocateOptions, locateFiles } from "../../dataset/locate-files.js";
import { readRows } from "../../dataset/read-rows.js";
import { FtError, type Place, type Problem } from "../../errors.js";

/** One item as the trainer reads it (eval_items.py) and the scorers do. */
export interface SuiteItem extends ChatExtras {
  item: string;
  file: string;
  line: number;
  messages: Message[];
  /** Null: the row has no answer. */
  reference: string | null;
  /** The reference turn, where it holds more than text (tool calls). */
  answer?: Message;
  /** Columns that scorers read. */
  fields: Record<string, unknown>;
  slice: Record<string, string>;
  cluster: string | null;
  /** Over all that decides the score: what is asked, what is right, the fields. */
  inputSha256: string;
}

export interface ItemColumns {
  /** That scorers read. */
  fields: readonly string[];
  slices: readonly string[];
  cluster?: string | undefined;
}

/** Throws FtError data.* (a file that is missing or cannot be read), eval.suite-data with every row that is no item. */
export async function readSuiteItems(
  suite: { name: string; data: string },
  columns: ItemColumns,
  { dir, ...options }: LocateOptions & { dir: string },
): Promise<SuiteItem[]> {
  const train = [{ path: suite.data, format: "auto" as const, weight: 1 }];
  const located = await locateFiles({ dir, train, format: "auto", seed: 0 }, options);
  const items: SuiteItem[] = [];
  const problems: Problem[] = [];
  for (const file of filesOf(located, "train")) {
    const report = ({
      severity,
      message,
      line,
      fix,
    }: {
      severity: string;
      message: string;
      line: number;
      fix?: string;
    }) => {
      if (severity === "error") problems.push({ message, where: { file: file.name, line }, ...(fix && { fix }) });
    };
    for await (const { place, row, value } of readRows({ ...file, report })) {
      if (!row) continue;
      const made = toItem(row, recordOf(value) ?? {}, { columns, place });
      if ("problem" in made) problems.push({ message: made.problem, where: place });
      else items.push(made.item);
    }
  }
  problems.push(...repeated(items));
  if (problems.length > 0) throw badItems(suite, problems);
  if (items.length === 0) throw empty(suite);
  return items;
}

function toItem(
  row: CanonicalRow,
  raw: Record<string, Json>,
  { columns, place }: { columns: ItemColumns; place: Place & { line: number } },
): { item: SuiteItem } | { problem: string } {
  const asked = question(row);
  if (asked === null) return { problem: `a ${row.kind} row asks nothing: a suite takes conversations or prompts` };
  const missing = columns.fields.filter((name) => at(raw, name) === undefined);
  if (missing.length > 0) return { problem: `no column ${missing.map((name) => `"${name}"`).join(", ")}` };
  const fields = Object.fromEntries(columns.fields.map((name) => [name, at(raw, name)!]));
  const extras = extrasOf(row);
  const decisive = stringifyJson([asked.messages, asked.answer, extras, fields] as unknown as Json);
  const { id } = raw;
  const answer = asked.answer;
  return {
    item: {
      item: typeof id === "string" || typeof id === "number" ? String(id) : rowDigest(row).toString("hex").slice(0, 16),
      file: place.file,
      line: place.line,
      messages: asked.messages,
      reference: answer ? answer.content : null,
      ...(answer?.tool_calls && { answer }),
      ...extras,
      fields: JSON.parse(stringifyJson(fields)) as Record<string, unknown>,
      slice: Object.fromEntries(columns.slices.map((name) => [name, said(at(raw, name))])),
      cluster: columns.cluster === undefined ? null : said(at(raw, columns.cluster)),
      inputSha256: createHash("sha256").update(decisive).digest("hex"),
    },
  };
}

/** Everything before the last assistant turn, and that turn. A prompt has none. */
function question(row: CanonicalRow): { messages: Message[]; answer: Message | null } | null {
  if (row.kind === "prompt") return { messages: row.prompt, answer: null };
  if (row.kind !== "messages") return null;
  const last = row.messages.findLastIndex(({ role }) => role === "assistant");
  if (last === -1) return { messages: row.messages, answer: null };
  return last === 0 ? null : { messages: row.messages.slice(0, last), answer: row.messages[last]! };
}

/** `a.b` is b of the object a, unless a column is called so. */
function at(raw: Record<string, Json>, path: string): Json | undefined {
  if (path in raw) return raw[path];
  const [head, ...rest] = path.split(".");
  const inner = recordOf(raw[head!]);
  return rest.length > 0 && inner ? at(inner, rest.join(".")) : undefined;
}

function said(value: Json | undefined): string {
  if (value === undefined || value === null) return "(none)";
  return typeof value === "string" ? value : stringifyJson(value);
}

function repeated(items: SuiteItem[]): Problem[] {
  const first = new Map<string, SuiteItem>();
  return items.flatMap((item) => {
    const before = first.get(item.item);
    if (!before) {
      first.set(item.item, item);
      return [];
    }
    const { file, line } = item;
    const same = before.inputSha256 === item.inputSha256 ? "the same row" : `id ${item.item}`;
    return [{ message: `${same} is there twice, first in ${before.file}:${before.line}`, where: { file, line } }];
  });
}

function badItems({ name, data }: { name: string; data: string }, problems: Problem[]): FtError {
  const shown = problems.slice(0, 20);
  return new FtError({
    code: "eval.suite-data",
    exit: "data",
    message: `${problems.length} ${problems.length === 1 ? "row" : "rows"} of suite ${name} cannot be used`,
    where: { file: relative(".", data) || data, ...(problems[0]!.where?.line && { line: problems[0]!.where.line }) },
    problems: shown,
    next: "mend them: a suite is evaluated whole or not at all",
  });
}

function empty({ name, data }: { name: string; data: string }): FtError {
  return new FtError({
    code: "eval.suite-empty",
    exit: "data",
    message: `suite ${name} has no rows`,
    where: { file: data },
    next: "write some: {messages: [...]} or {prompt, completion}, one a line",
  });
}
