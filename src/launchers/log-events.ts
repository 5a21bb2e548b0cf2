// Events out of a platform's log, where no file of the far side can be read as it grows: run.py --echo-events prints each with a mark before it.
import { appendFileSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { z } from "zod";
import { withFileLock } from "../file-lock.js";
import { visibleText } from "../report/visible.js";

/** Stands before each event line in the log; whatever a log tool puts before it is not ours. */
const mark = "ft-event {";

/** All that taking a line over needs to know of it; the reader of events.jsonl judges the rest. */
const keySchema = z.object({ v: z.int(), attempt: z.int().positive(), seq: z.int().positive(), kind: z.string() });

/** Longer lines are not looked at: the sample of the longest row is far below. */
const longestLine = 4 << 20;

/** Which (attempt, seq) are known. */
export type EventKeys = Set<string>;

/**
 * The events of a log that are not known yet, as lines for events.jsonl, in their order; adds them to `known`. A line that is torn (the log's
 * last, or one cut by rotation), foreign or repeated is left out; one that is torn now is whole in a later look.
 */
export function newEvents(log: Uint8Array, known: EventKeys): string[] {
  const lines: string[] = [];
  for (const line of new TextDecoder().decode(log).split("\n")) {
    if (known.has(quickKey(line) ?? "")) continue; // most of what a look shows was there before
    const event = eventIn(line);
    if (!event || known.has(event.key)) continue;
    known.add(event.key);
    lines.push(event.text);
  }
  return lines;
}

/** Without reading all of the line: the journal writes these keys first. Null: not so written. */
function quickKey(line: string): string | null {
  const found = /\{"v": ?\d+, ?"attempt": ?(\d+), ?"seq": ?(\d+),/.exec(line);
  return found && `${found[1]}:${found[2]}`;
}

interface LogEvent {
  key: string;
  text: string;
  attempt: number;
  seq: number;
  kind: string;
}

function eventIn(line: string): LogEvent | null {
  const start = line.lastIndexOf(mark);
  if (start < 0 || line.length > longestLine) return null;
  return parseEventText(stripVTControlCharacters(line.slice(start + mark.length - 1)));
}

/** JSON has no control character of its own and the trainer escapes those of texts, so that all that stand in a line came on the way. */
function parseEventText(text: string): LogEvent | null {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is taken out
  const clean = text.replace(/[\u0000-\u001f\u007f]/g, "").trim();
  try {
    const { attempt, seq, kind } = keySchema.parse(JSON.parse(clean));
    return { key: `${attempt}:${seq}`, text: clean, attempt, seq, kind };
  } catch {
    return null;
  }
}

/**
 * Appends to a run's events.jsonl what `source` has beyond it: a log, or the far side's own events.jsonl (`collected`), which fills the gaps
 * that a torn or rotated log left. Looks of several ft processes take turns. Returns how many were new.
 */
export async function takeIntoEvents(
  file: string,
  source: { log: Uint8Array } | { collected: Uint8Array },
): Promise<number> {
  const log = "log" in source ? source.log : markLines(source.collected);
  if (!Buffer.from(log.buffer, log.byteOffset, log.byteLength).includes(mark)) return 0;
  return withFileLock(`${file}.lock`, async () => {
    const written = existsSync(file) ? readFileSync(file) : Buffer.alloc(0);
    const lines = newEvents(log, keysOf(written));
    if (lines.length === 0) return 0;
    const torn = written.length > 0 && written.at(-1) !== newline;
    appendFileSync(file, `${torn ? "\n" : ""}${lines.join("\n")}\n`);
    return lines.length;
  });
}

/** Takes a platform's log over: its events into events.jsonl, the rest into stdout.log, which is then what this log shows. */
export async function takeLog(home: string, log: Uint8Array): Promise<void> {
  await takeIntoEvents(join(home, "events.jsonl"), { log });
  const lines = new TextDecoder().decode(log).split("\n");
  writeFileSync(join(home, "stdout.log"), visibleText(lines.filter((line) => !line.includes(mark)).join("\n")));
}

/** Whether the home folder has all events of a run that is over: none left out, and the last one its end. */
export function hasAllEvents(home: string): boolean {
  const file = join(home, "events.jsonl");
  return existsSync(file) && isComplete(readFileSync(file));
}

/** Whether no number is left out in any attempt, and the last one said its end. */
export function isComplete(events: Uint8Array): boolean {
  const last = new Map<number, { count: number; highest: number; hasEnd: boolean }>();
  for (const line of new TextDecoder().decode(events).split("\n")) {
    const event = parseEventText(line);
    if (!event) continue;
    const { count, highest, hasEnd } = last.get(event.attempt) ?? { count: 0, highest: 0, hasEnd: false };
    const isEnd = event.kind === "end";
    last.set(event.attempt, { count: count + 1, highest: Math.max(highest, event.seq), hasEnd: hasEnd || isEnd });
  }
  const attempts = [...last.values()];
  const latest = last.get(Math.max(...last.keys()));
  return latest?.hasEnd === true && attempts.every(({ count, highest }) => count === highest);
}

const newline = 0x0a;

function keysOf(written: Uint8Array): EventKeys {
  const known: EventKeys = new Set();
  for (const line of new TextDecoder().decode(written).split("\n")) {
    const key = (line.endsWith("}") ? quickKey(line) : null) ?? parseEventText(line)?.key;
    if (key) known.add(key);
  }
  return known;
}

function markLines(events: Uint8Array): Uint8Array {
  return new TextEncoder().encode(new TextDecoder().decode(events).replace(/^\{/gm, mark));
}
