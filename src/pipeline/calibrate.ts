// `ft plan --calibrate`: what the runs and probes of this project, and of others before, teach the estimate about this machine.
import { detectDevice } from "../engines/machine.js";
import type { Env } from "../paths.js";
import {
  calibrationFile,
  type MachineCalibration,
  machineName,
  readCalibration,
  writeCalibration,
} from "../plan/calibration/calibration-file.js";
import { type Factor, type MemoryKind, memoryKinds } from "../plan/calibration/correct.js";
import { type FitError, fitErrors, fitFactor, type Measured } from "../plan/calibration/fit.js";
import { listMeasurements, type MeasuredMemory } from "../runs/measurement-store.js";
import type { Store } from "../store/open.js";
import { readProbes } from "./probes-file.js";

export interface Fitted extends FitError {
  /** A kind of memory, or an engine's name for its tokens a second. */
  what: string;
  unit: "GiB" | "tokens/s";
  points: Measured[];
  /** Null: too few runs, or it makes the error over past runs no smaller. */
  factor: Factor | null;
  why: "fitted" | "too few runs" | "does not carry over";
}

export interface Calibrated {
  machine: string;
  fitted: Fitted[];
  /** Runs whose longest row never came up: their peak says nothing of the estimate's. */
  leftOut: string[];
  /** Where it is kept; null: there is nothing to keep. */
  file: string | null;
}

/** One for each machine here that runs were measured on: its GPU, its CPU. `store`: null where nothing ran yet. */
export async function calibrate(
  store: Store | null,
  { projectDir, env, now }: { projectDir: string; env: Env; now: number },
): Promise<Calibrated[]> {
  const { names } = await detectDevice(env);
  const machines = [...new Set([...names, machineName(null)])];
  const rows = gather(store, projectDir);
  return machines.flatMap((machine) => {
    const here = rows.filter((row) => row.machine === machine);
    const before = readCalibration(env, machine);
    return here.length === 0 && before === null ? [] : [calibrateMachine(machine, { here, before, env, now })];
  });
}

interface Row {
  id: string;
  machine: string | null;
  engine: string;
  sawLongest: boolean;
  memory: MeasuredMemory[];
  speed: { estimated: number; measured: number } | null;
}

function gather(store: Store | null, projectDir: string): Row[] {
  const runs = store ? listMeasurements(store) : [];
  return [
    ...runs.map(({ run: id, estimatedTokensPerSecond: estimated, tokensPerSecond: measured, ...row }) => ({
      ...{ ...row, id },
      speed: estimated !== null && measured !== null ? { estimated, measured } : null,
    })),
    ...readProbes(projectDir).map((probe) => ({ ...probe, sawLongest: true, speed: null })),
  ];
}

/** So many of the newest count: machines, drivers and engines change. */
const mostPoints = 100;

function calibrateMachine(
  machine: string,
  { here, before, env, now }: { here: Row[]; before: MachineCalibration | null; env: Env; now: number },
): Calibrated {
  const comparable = here.filter(({ sawLongest }) => sawLongest);
  const memory = memoryKinds.map((kind) =>
    fitOne(
      kind,
      "GiB",
      joined(
        before?.points.memory[kind],
        comparable.flatMap((row) => memoryPoint(row, kind)),
      ),
    ),
  );
  const engines = [...new Set([...Object.keys(before?.points.speed ?? {}), ...here.map(({ engine }) => engine)])];
  const speed = engines.map((engine) =>
    fitOne(
      engine,
      "tokens/s",
      joined(before?.points.speed[engine], here.filter((row) => row.engine === engine).flatMap(speedPoint)),
    ),
  );
  const fitted = [...memory, ...speed].filter(({ points }) => points.length > 0);
  const isUseful = fitted.some(({ factor }) => factor !== null);
  if (isUseful || before !== null) writeCalibration(env, machine, toKeep({ memory, speed }, now));
  return {
    ...{ machine, fitted, leftOut: here.filter(({ sawLongest }) => !sawLongest).map(({ id }) => id) },
    file: isUseful ? calibrationFile(env) : null,
  };
}

function memoryPoint({ id, memory }: Row, kind: MemoryKind): Measured[] {
  const found = memory.find((one) => one.kind === kind);
  return found ? [{ id, counted: found.counted, estimated: found.estimated, measured: found.measured }] : [];
}

function speedPoint({ id, speed }: Row): Measured[] {
  return speed ? [{ id, counted: 0, ...speed }] : [];
}

/** Ids begin with the time, so that they sort by it. */
function joined(before: readonly Measured[] = [], now: readonly Measured[]): Measured[] {
  const all = new Map([...before, ...now].map((point) => [point.id, point]));
  return [...all.values()].sort((a, b) => (a.id < b.id ? -1 : 1)).slice(-mostPoints);
}

function fitOne(what: string, unit: Fitted["unit"], points: Measured[]): Fitted {
  const factor = fitFactor(points);
  const errors = points.length > 0 ? fitErrors(points) : { before: { median: 0, worst: 0 }, after: null };
  const carriesOver = errors.after !== null && errors.after.median < errors.before.median;
  const why = factor === null ? "too few runs" : carriesOver ? "fitted" : "does not carry over";
  return { what, unit, points, ...errors, factor: why === "fitted" ? factor : null, why };
}

function toKeep({ memory, speed }: { memory: Fitted[]; speed: Fitted[] }, at: number): MachineCalibration {
  const factors = (fitted: Fitted[]) =>
    Object.fromEntries(fitted.flatMap(({ what, factor }) => (factor ? [[what, factor]] : [])));
  const points = (fitted: Fitted[]) => Object.fromEntries(fitted.map(({ what, points: all }) => [what, all]));
  const runs = new Set([...memory, ...speed].flatMap(({ points: all }) => all.map(({ id }) => id)));
  return {
    ...{ at, runs: runs.size, memory: factors(memory), speed: factors(speed) },
    points: { memory: points(memory), speed: points(speed) },
  };
}
