// Writes a dataset in the form of a target: all of it, or, where rows cannot be written, none of it unless they may be left out.
import { FtError, type Problem } from "../../errors.js";
import type { RowPlace } from "../canonical.js";
import { curateRows, type ProgressOfFile } from "../curate/curate-rows.js";
import type { DatasetSource } from "../dataset-facts.js";
import type { Json } from "../json/json.js";
import { openLineWriter } from "../line-writer.js";
import { noRowReadable } from "../read-rows.js";
import { type Droppable, strip } from "./strip.js";
import { Refusal, type Target } from "./target.js";

export interface ConvertOptions {
  target: Target;
  /** How the person calls it. */
  to: string;
  /** Taken out of every row. */
  drop: ReadonlySet<Droppable>;
  /** Rows that cannot be written go into `dropped`; otherwise one of them stops it all. */
  skip: boolean;
  out: string;
  /** JSON lines {file, line, reason, row}. */
  dropped: string;
}

export interface Converted {
  rows: number;
  written: number;
  dropped: number;
  /** Dropped rows by reason. */
  reasons: Record<string, number>;
  /** Columns of the written rows that no format reads, sorted: they are in none of the lines. */
  unwritten: string[];
}

/** @throws FtError data.not-convertible, data.no-rows, data.platform (exit data), data.*, env.* */
export async function convertRows(
  source: DatasetSource,
  options: ConvertOptions,
  onBytes?: ProgressOfFile,
): Promise<Converted> {
  const { target, to, drop, skip } = options;
  const writer = await openLineWriter(options.out);
  const dropped = skip ? await openLineWriter(options.dropped) : null;
  const summary: Converted = { rows: 0, written: 0, dropped: 0, reasons: {}, unwritten: [] };
  const problems: Problem[] = [];
  const unwritten = new Set<string>();
  /** How many, and the first of them. */
  let unread = null as { rows: number; place: RowPlace; why: string | null } | null;
  try {
    for await (const { row, fault, value, place, unused } of curateRows(source, onBytes)) {
      summary.rows += 1;
      if (!row) unread = { place, why: fault, ...unread, rows: (unread?.rows ?? 0) + 1 };
      const line = row ? target.convert(strip(row, drop)) : new Refusal(fault ?? "its format is not the file's");
      if (!(line instanceof Refusal)) {
        await writer.write(line);
        for (const column of unused()) unwritten.add(column);
        summary.written += 1;
        continue;
      }
      summary.dropped += 1;
      summary.reasons[line.why] = (summary.reasons[line.why] ?? 0) + 1;
      if (problems.length < problemsTold) problems.push({ message: line.why, where: place });
      await dropped?.write({ ...place, reason: line.why, row: value as Json });
    }
    if (unread?.rows === summary.rows) throw noRowReadable(summary.rows, unread.place, unread.why);
    if (summary.dropped > 0 && !skip) throw notConvertible(to, summary, problems);
    requireRows(to, target, summary.written);
    summary.unwritten = [...unwritten].sort();
    await writer.commit();
    await dropped?.commit();
    return summary;
  } finally {
    await writer.discard();
    await dropped?.discard();
  }
}

const problemsTold = 20;

function notConvertible(to: string, { rows, dropped }: Converted, problems: Problem[]): FtError {
  return new FtError({
    code: "data.not-convertible",
    exit: "data",
    message: `${dropped} of ${rows} rows cannot be written for ${to}, so nothing is written`,
    problems,
    next: "mend them; or --drop what has no place there; or --skip to leave these rows out and list them",
  });
}

function requireRows(to: string, { rows }: Target, written: number): void {
  const { least = 1, most = Number.POSITIVE_INFINITY } = rows ?? {};
  if (written >= least && written <= most) return;
  throw new FtError({
    code: "data.platform",
    exit: "data",
    message: `${written} rows, but ${to} takes ${written < least ? `${least} or more` : `at most ${most.toLocaleString("en")}`}`,
    next: written < least ? "add rows" : "write several files: ft data sample",
  });
}
