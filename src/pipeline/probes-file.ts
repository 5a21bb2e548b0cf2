// .ft/probes.jsonl: what probes measured, one a line; a probe leaves nothing else.
import { appendFileSync, existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { ensureDir } from "../ensure-dir.js";
import { ftDir } from "../paths.js";
import { memorySchema } from "../runs/measurement-store.js";

const probeSchema = z.object({
  version: z.literal(1),
  id: z.string(),
  /** Epoch ms. */
  at: z.number(),
  /** Of the recipe. */
  name: z.string(),
  /** Null: the model's shape or the hardware was not known. */
  machine: z.string().nullable(),
  engine: z.string(),
  microBatch: z.int(),
  longestTokens: z.number().nullable(),
  memory: z.array(memorySchema),
});

export type ProbeRecord = z.output<typeof probeSchema>;

export function addProbe(projectDir: string, record: ProbeRecord): void {
  ensureDir(ftDir(projectDir));
  appendFileSync(probesFile(projectDir), `${JSON.stringify(record)}\n`);
}

/** Oldest first; what is no probe (a line torn by a crash) is left out. */
export function readProbes(projectDir: string): ProbeRecord[] {
  const file = probesFile(projectDir);
  if (!existsSync(file)) return [];
  return readFileSync(file, "utf8").split("\n").flatMap(parseLine);
}

function probesFile(projectDir: string): string {
  return join(ftDir(projectDir), "probes.jsonl");
}

function parseLine(line: string): ProbeRecord[] {
  try {
    return [probeSchema.parse(JSON.parse(line))];
  } catch {
    return [];
  }
}
