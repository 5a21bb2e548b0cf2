// Whether a recipe fits the hardware that is here, as far as that is known without a request; and how many rows at a time when it leaves that to ft.
import { totalmem } from "node:os";
import type { RenderInput } from "../engines/contract.js";
import type { Device } from "../engines/machine.js";
import { FtError } from "../errors.js";
import type { ModelFacts } from "../models/facts.js";
import { knownShape } from "../models/known-shape.js";
import type { Env } from "../paths.js";
import { correctionOf, machineName, readCalibration } from "../plan/calibration/calibration-file.js";
import type { Hardware } from "../plan/hardware.js";
import { type MemoryPlan, type PlanInput, planMemory } from "../plan/memory-plan.js";
import { largestMicroBatch } from "../plan/micro-batch.js";
import type { RowLengths } from "../plan/recipe-setting.js";
import { lengthsOf } from "../plan/time/row-sample.js";
import { batchOf } from "../recipes/batch.js";
import type { LoadedRecipe } from "../recipes/load.js";
import type { LockEntry } from "../recipes/lock-file.js";
import type { CountedRows } from "./sample-recipe.js";

export interface KnownHere {
  model: Pick<ModelFacts, "id" | "dir">;
  /** Null: the data was not read. */
  lengths: RowLengths | null;
  device: RenderInput["device"];
  here: Device;
  /** Of the person: past runs correct the estimate. */
  env: Env;
}

/** What `planMemory` takes for the machine here. */
export interface PlanHere {
  input: PlanInput;
  hardware: Hardware;
  /** By which its past runs are known (plan/calibration). */
  machine: string;
}

/** Null: the model's dimensions or the GPU's memory are not known here. */
export function fitHere(loaded: LoadedRecipe, known: KnownHere): MemoryPlan | null {
  const here = planHere(loaded, known);
  return here && planMemory(here.input, here.hardware);
}

/** Null as `fitHere`. */
export function planHere(loaded: LoadedRecipe, known: KnownHere): PlanHere | null {
  const [input, hardware] = [inputHere(loaded, known), hardwareHere(loaded, known)];
  return input && hardware && { input, hardware, machine: machineOf(known) };
}

/** Throws FtError plan.does-not-fit (exit fit). */
export function refuseUnfit(plan: MemoryPlan | null): void {
  if (plan?.verdict !== "does not fit") return;
  const { hardware, needed, capacityGiB } = plan;
  const gib = (value: number): string => value.toFixed(1);
  throw new FtError({
    code: "plan.does-not-fit",
    exit: "fit",
    message: `the training does not fit ${hardware}`,
    why: `it needs about ${gib(needed.mid)} GiB (${gib(needed.low)} to ${gib(needed.high)}) of ${gib(capacityGiB)}`,
    next: "`ft plan` says what to change (--apply does it); `ft run --ignore-fit` tries all the same",
  });
}

/** `train.micro_batch: auto` becomes a number: the lock's, else as many rows as fit, else (nothing known of the GPU) the usual. */
export async function closeMicroBatch(
  loaded: LoadedRecipe,
  known: Omit<KnownHere, "lengths"> & { rows: CountedRows },
  locked: LockEntry | null,
): Promise<LoadedRecipe> {
  const { recipe } = loaded;
  if (recipe.train.micro_batch !== "auto") return loaded;
  const lengths = await countedLengths(known.rows);
  const [input, hardware] = [inputHere(loaded, { ...known, lengths }), hardwareHere(loaded, known)];
  const held = locked?.recipe["train.micro_batch"];
  const chosen =
    typeof held === "number"
      ? { value: held, reason: "ft.lock.json has it (ft lock --update chooses anew)" }
      : input && hardware
        ? { value: largestMicroBatch(input, hardware), reason: `as many rows as fit ${hardware.label}` }
        : { value: batchOf(recipe).micro, reason: "the usual, as the memory here or the model's shape is not known" };
  return {
    ...loaded,
    recipe: { ...recipe, train: { ...recipe.train, micro_batch: chosen.value } },
    choices: [...loaded.choices, { key: "train.micro_batch", ...chosen, source: null }],
  };
}

function inputHere(
  { recipe }: LoadedRecipe,
  { model, lengths }: Pick<KnownHere, "model" | "lengths">,
): PlanInput | null {
  const shape = knownShape(model);
  return shape && { recipe, shape, lengths };
}

export async function countedLengths(rows: CountedRows): Promise<RowLengths | null> {
  const sample = await rows();
  return sample && lengthsOf(sample);
}

/** Null: the recipe is for a GPU, and none is here that tells its memory. */
export function hardwareHere({ recipe }: LoadedRecipe, known: Omit<KnownHere, "model" | "lengths">): Hardware | null {
  const { kind, names, memoryBytes, bf16, elsewhere } = known.here;
  const isCpu = known.device.kind === "cpu";
  if (!isCpu && ((kind !== "cuda" && kind !== "rocm") || memoryBytes.length === 0)) return null;
  const calibration = readCalibration(known.env, machineOf(known));
  const correction = calibration ? { correction: correctionOf(calibration) } : {};
  const count = recipe.compute.gpus;
  return isCpu
    ? {
        ...{ label: elsewhere ? `${elsewhere.label}'s CPU` : "this machine's CPU", alias: null, kind: "cpu", count: 1 },
        ...{ bytes: elsewhere?.ramBytes ?? totalmem(), bf16: false, ...correction },
      }
    : {
        ...{ label: `${count} x ${names[0]}${elsewhere ? ` on ${elsewhere.label}` : ""}`, alias: null, kind: "gpu" },
        ...{ count, bytes: Math.min(...memoryBytes), bf16, ...correction },
      };
}

function machineOf({ device, here }: Pick<KnownHere, "device" | "here">): string {
  const gpu = device.kind === "cpu" ? null : (here.names[0] ?? null);
  return gpu === null && here.elsewhere ? `${here.elsewhere.label}: CPU` : machineName(gpu);
}
