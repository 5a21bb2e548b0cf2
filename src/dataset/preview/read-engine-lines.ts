// The rows of a run, read back from the lines that its engine got (src/dataset/layout.ts wrote them).
import { createReadStream } from "node:fs";
import { createInterface } from "node:readline";
import type { CanonicalRow, ChatExtras, Message } from "../canonical.js";
import { recordOf } from "../json/json.js";
import { parseJson } from "../json/parse-json.js";

export interface EngineRow {
  row: CanonicalRow;
  line: number;
  /** The line is one assistant turn of a conversation: the last one is trained, whatever the template. */
  isOneTurn: boolean;
}

/** @throws what the file system says when the file is not there */
export async function* readEngineLines(path: string): AsyncGenerator<EngineRow> {
  let line = 0;
  for await (const text of createInterface({ input: createReadStream(path), crlfDelay: Number.POSITIVE_INFINITY })) {
    line += 1;
    if (text === "") continue;
    const columns = recordOf(read(text)) as Columns;
    yield { row: toRow(columns), line, isOneTurn: "completion" in columns && !("label" in columns) };
  }
}

// biome-ignore lint/suspicious/noExplicitAny: ft wrote the lines itself, in the layouts that are told apart below
type Columns = Record<string, any>;

/** A line that is no JSON is a damaged run folder. */
function read(text: string): unknown {
  const parsed = parseJson(text);
  if ("problem" in parsed) throw new Error(`the run's data cannot be read: ${parsed.problem}`);
  return parsed.value;
}

function toRow(columns: Columns): CanonicalRow {
  const { prompt, completion, chosen, rejected, label, messages, ...rest } = columns;
  if ("text" in columns) return { kind: "text", text: columns.text };
  if ("input_ids" in columns) return { kind: "tokens", ids: columns.input_ids, labels: columns.labels };
  if ("segments" in columns) {
    const segments = columns.segments.map((each: Columns) => ({ text: each.text, trained: each.label }));
    return { kind: "segments", segments };
  }
  const extras = extrasOf(columns);
  if (messages) return { kind: "messages", messages: turns(messages), ...extras };
  if (chosen) {
    return { kind: "preference", prompt: turns(prompt), chosen: turns(chosen), rejected: turns(rejected), ...extras };
  }
  if (!completion) return { kind: "prompt", prompt: turns(prompt), columns: rest };
  if (label !== undefined) {
    return { kind: "unpaired", prompt: turns(prompt), completion: turns(completion), label, ...extras };
  }
  return { kind: "messages", messages: [...turns(prompt), ...turns(completion)], ...extras };
}

/** Values of no fixed shape are JSON text, and what a turn lacks is "". */
function turns(written: string | Columns[]): Message[] {
  if (typeof written === "string") return read(written) as Message[];
  return written.map((turn) => {
    const entries = Object.entries(turn).filter(([key, value]) => value !== "" || key === "content");
    const message = Object.fromEntries(entries) as unknown as Message;
    const { tool_calls: calls } = turn;
    return calls && typeof calls === "string" ? { ...message, tool_calls: read(calls) as never } : message;
  });
}

function extrasOf({ tools, chat_template_kwargs: variables }: Columns): ChatExtras {
  if (typeof tools === "string") {
    const list = read(tools) as never[];
    return list.length > 0 ? { tools: list } : {};
  }
  if (!variables) return {};
  const { tools: given, ...kwargs } = recordOf(read(variables.as_json)) as Columns;
  return { ...(given && { tools: given }), ...(Object.keys(kwargs).length > 0 && { chat_template_kwargs: kwargs }) };
}
