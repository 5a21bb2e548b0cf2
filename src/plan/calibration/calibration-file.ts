// calibration.json of the person's config folder: what past runs taught about each machine that this home is used on.
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { dirname, join } from "node:path";
import { z } from "zod";
import { FtError } from "../../errors.js";
import { type Env, ftConfigDir } from "../../paths.js";
import type { Correction } from "./correct.js";

const factorSchema = z.object({ factor: z.number(), least: z.number(), most: z.number(), runs: z.int().positive() });

const pointSchema = z.object({ id: z.string(), counted: z.number(), estimated: z.number(), measured: z.number() });

const memoryKind = z.enum(["allocated", "reserved", "rss"]);

const machineSchema = z.object({
  /** When it was fitted, epoch ms. */
  at: z.number(),
  /** Runs and probes behind it. */
  runs: z.int(),
  memory: z.partialRecord(memoryKind, factorSchema),
  /** Tokens a second, by engine. */
  speed: z.record(z.string(), factorSchema).default({}),
  /** What was fitted to, so that the runs of several projects add up. */
  points: z.object({
    memory: z.partialRecord(memoryKind, z.array(pointSchema)),
    speed: z.record(z.string(), z.array(pointSchema)).default({}),
  }),
});

export type MachineCalibration = z.output<typeof machineSchema>;

const fileSchema = z.object({ version: z.literal(1), machines: z.record(z.string(), machineSchema) });

export function calibrationFile(env: Env): string {
  return join(ftConfigDir(env), "calibration.json");
}

/** What tells one machine from another in a home that several share: the GPU's name, or the CPU's with its cores. */
export function machineName(gpuName: string | null): string {
  if (gpuName !== null) return gpuName;
  const all = cpus();
  return `${all.length} x ${all[0]?.model.trim() ?? "CPU"}`;
}

/** Null: not calibrated. Throws FtError plan.calibration-invalid (exit usage). */
export function readCalibration(env: Env, machine: string): MachineCalibration | null {
  return readAll(env)[machine] ?? null;
}

export function correctionOf({ at, runs, memory, speed }: MachineCalibration): Correction {
  return { by: { runs, at }, memory, speed };
}

/** Other machines' entries stay. */
export function writeCalibration(env: Env, machine: string, calibration: MachineCalibration): void {
  const machines = { ...readAll(env), [machine]: calibration };
  const file = calibrationFile(env);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(`${file}.new`, `${JSON.stringify({ version: 1, machines }, null, 2)}\n`);
  renameSync(`${file}.new`, file);
}

function readAll(env: Env): Record<string, MachineCalibration> {
  const file = calibrationFile(env);
  if (!existsSync(file)) return {};
  try {
    return fileSchema.parse(JSON.parse(readFileSync(file, "utf8"))).machines;
  } catch (cause) {
    throw new FtError({
      code: "plan.calibration-invalid",
      exit: "usage",
      message: "what past runs taught the estimate cannot be read",
      where: { file },
      why: cause instanceof z.ZodError ? z.prettifyError(cause) : (cause as Error).message,
      next: "delete the file, and fit it anew with `ft plan --calibrate`",
      cause,
    });
  }
}
