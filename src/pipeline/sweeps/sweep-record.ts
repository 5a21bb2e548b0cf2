// .ft/sweeps/<id>.json: what a sweep is and how its trials stand. The run folders are the truth; repeating the sweep finds them by their keys and writes this anew.
import { existsSync, readdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { ensureDir } from "../../ensure-dir.js";
import { FtError } from "../../errors.js";
import { nearest } from "../../nearest.js";
import { ftDir } from "../../paths.js";
import { trialRowSchema } from "./standing.js";
import { sweepMethods } from "./sweep-settings.js";

const recordSchema = z.object({
  version: z.literal(1),
  id: z.string(),
  createdAt: z.number(),
  /** The recipe's file, as it was named. */
  recipe: z.string(),
  method: z.enum(sweepMethods),
  seed: z.int(),
  /** As in sweep.yaml. */
  keys: z.record(z.string(), z.json()),
  metric: z.object({ name: z.string(), goal: z.enum(["minimize", "maximize"]), why: z.string() }),
  rungs: z
    .array(z.object({ trials: z.int(), budget: z.object({ unit: z.enum(["steps", "epochs"]), amount: z.number() }) }))
    .nullable(),
  trials: z.array(trialRowSchema),
});

export type SweepRecord = z.output<typeof recordSchema>;

function sweepsDir(projectDir: string): string {
  return join(ftDir(projectDir), "sweeps");
}

/** Held while an ft drives the sweep. */
export function sweepLock(projectDir: string, id: string): string {
  return join(sweepsDir(projectDir), `${id}.lock`);
}

/** In one step: a reader sees the old or the new one. */
export function writeRecord(projectDir: string, record: SweepRecord): void {
  const file = recordFile(projectDir, record.id);
  ensureDir(sweepsDir(projectDir));
  writeFileSync(`${file}.tmp`, `${JSON.stringify(record, null, 2)}\n`);
  renameSync(`${file}.tmp`, file);
}

/** Null: there is none, or none that this ft reads; it is then made anew. */
export function readRecord(projectDir: string, id: string): SweepRecord | null {
  try {
    return recordSchema.parse(JSON.parse(readFileSync(recordFile(projectDir, id), "utf8")));
  } catch {
    return null;
  }
}

/** Newest first. */
export function listRecords(projectDir: string): SweepRecord[] {
  if (!existsSync(sweepsDir(projectDir))) return [];
  return readdirSync(sweepsDir(projectDir))
    .filter((name) => name.endsWith(".json"))
    .map((name) => readRecord(projectDir, name.slice(0, -".json".length)))
    .filter((record) => record !== null)
    .toSorted((a, b) => b.createdAt - a.createdAt);
}

/** What a person means: an id, the beginning or the end of one, or `last`. Throws FtError sweep.unknown (usage). */
export function findRecord(records: readonly SweepRecord[], asked: string): SweepRecord {
  const exact = asked === "last" ? records[0] : records.find(({ id }) => id === asked);
  const matches = records.filter(({ id }) => id.startsWith(asked) || id.endsWith(asked));
  const found = exact ?? (matches.length === 1 ? matches[0] : undefined);
  if (found) return found;
  const ids = records.map(({ id }) => id);
  const near = nearest(asked, ids);
  throw new FtError({
    code: "sweep.unknown",
    exit: "usage",
    message:
      ids.length === 0
        ? "this project has no sweep yet"
        : matches.length > 1
          ? `${asked} may mean ${matches.length} sweeps`
          : `this project has no sweep ${asked}`,
    next:
      ids.length === 0
        ? "start one, for example: ft sweep --key train.learning_rate=1e-4,3e-4"
        : `${near ? `did you mean ${near}? ` : ""}\`ft sweep ls\` lists them`,
  });
}

function recordFile(projectDir: string, id: string): string {
  return join(sweepsDir(projectDir), `${id}.json`);
}
