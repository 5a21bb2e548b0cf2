// `ft plan`: will a recipe fit, on the hardware here or on named GPUs, and what to change when it does not.
import type { RenderInput } from "../engines/contract.js";
import { loadEngine } from "../engines/index.js";
import type { Device } from "../engines/machine.js";
import { FtError } from "../errors.js";
import { knownShape } from "../models/known-shape.js";
import type { ModelShape } from "../models/model-shape.js";
import type { Env } from "../paths.js";
import { type Advice, adviseFit } from "../plan/advice.js";
import { findGpu, gpuCatalogue } from "../plan/gpus.js";
import { type Hardware, hardwareOf } from "../plan/hardware.js";
import { type LengthCurve, lengthCurve } from "../plan/length-curve.js";
import { type MemoryPlan, onHardware, type PlanInput, planMemory } from "../plan/memory-plan.js";
import { largestMicroBatch } from "../plan/micro-batch.js";
import type { RowLengths } from "../plan/recipe-setting.js";
import { lengthsOf } from "../plan/time/row-sample.js";
import { planWarnings } from "../plan/warnings.js";
import { checkRecipe } from "../recipes/check-recipe.js";
import { nothingKnown } from "../recipes/defaults.js";
import type { LoadedRecipe } from "../recipes/load.js";
import type { Recipe } from "../recipes/schema.js";
import { hardwareHere } from "./fit-here.js";
import { type KnownRecipe, refineRecipe } from "./refine.js";
import { estimateRun, type HardwareEstimate } from "./run-estimate.js";
import { layoutOf } from "./sample-recipe.js";
import { supportedEngine } from "./supported-engine.js";
import { renderingDevice } from "./training-device.js";

export interface RecipePlan {
  name: string;
  model: string;
  method: Recipe["method"]["type"];
  /** What the figures are for: this machine, GPUs that were named, or, where the recipe needs a GPU and none is here, the smallest that it fits. */
  where: "here" | "named" | "smallest";
  /** One for each hardware that was asked for. */
  plans: MemoryPlan[];
  /** For the first; null: it fits. */
  advice: Advice | null;
  /** By the length of the rows, on the first; null: of a table over GPUs. */
  curve: LengthCurve | null;
  /** Tokens of the rows; null: the data is not here, or none of it is a row. */
  lengths: RowLengths | null;
  /** What the run takes besides memory, on each hardware in the order of `plans`. */
  estimates: HardwareEstimate[];
  /** Those of the first; null: not known. */
  tokens: HardwareEstimate["tokens"];
  time: HardwareEstimate["time"];
  disk: HardwareEstimate["disk"];
  network: HardwareEstimate["network"];
  cost: HardwareEstimate["cost"];
  budget: HardwareEstimate["budget"];
  /** What the estimate does not know and guesses, in sentences. */
  warnings: string[];
}

export interface PlanOptions {
  env: Env;
  signal?: AbortSignal | undefined;
  /** Each as typed ("h100-80", "4x a100-40"), and how many of it. */
  gpus: readonly { typed: string; count: number }[];
  /** The whole catalogue. */
  all: boolean;
  /** Epoch milliseconds. */
  now: number;
}

/** Throws FtError recipe.*, plan.unknown-gpu, plan.gpus-invalid, models.no-facts, data.*. One request at most, for a hub model that is not in the catalogue. */
export async function planRecipe(
  written: LoadedRecipe,
  { env, signal, gpus, all, now }: PlanOptions,
): Promise<RecipePlan> {
  const catalogue = gpuCatalogue(env);
  const named = all
    ? catalogue.map((gpu) => hardwareOf({ gpu, count: written.recipe.compute.gpus }))
    : gpus.map(({ typed, count }) => hardwareOf({ gpu: findGpu(typed, catalogue), count }));
  const refined = await refineRecipe(written, env, {
    deviceOf: named.length > 0 ? namedDevice : renderingDevice,
  });
  const here = hardwareHere(refined.loaded, { ...refined, env });
  const where = named.length > 0 ? "named" : here === null ? "smallest" : "here";
  const known = where === "here" ? refined : { ...refined, loaded: asWrittenBatch(refined.loaded, written) };
  const shape = await shapeOf(known, { env, signal });
  const { loaded, dataProblem } = known;
  const sample = await known.rows();
  const input: PlanInput = { recipe: loaded.recipe, shape, lengths: sample && lengthsOf(sample) };
  const closed = (one: Hardware): Hardware =>
    input.recipe.train.micro_batch === "auto" ? { ...one, microBatch: largestMicroBatch(input, one) } : one;
  const smallest = (): Hardware[] => {
    const options = catalogue
      .filter(({ name }) => name.startsWith("NVIDIA"))
      .map((gpu) => closed(hardwareOf({ gpu, count: input.recipe.compute.gpus })))
      .sort((a, b) => a.bytes - b.bytes);
    return [options.find((one) => planMemory(input, one).verdict === "fits") ?? options.at(-1)!];
  };
  const hardware = named.length > 0 ? named.map(closed) : here === null ? smallest() : [here];
  for (const one of hardware) await supportedEngine({ ...loaded, recipe: onHardware(loaded.recipe, one) });
  const plans = hardware.map((one) => planMemory(input, one));
  const layout = await layoutOf(known);
  const estimates = await estimateRun({ ...known, shape, layout, sample }, hardware, { env, now });
  const { tokens, time, disk, network, cost, budget } = estimates[0]!;
  return {
    ...{ name: input.recipe.name, model: known.resolved.id, method: input.recipe.method.type, where, plans },
    advice: all || plans[0]!.verdict === "fits" ? null : await advise(input, hardware[0]!),
    curve: plans.length > 1 ? null : lengthCurve(input, hardware[0]!, known.model.maxContext),
    lengths: input.lengths,
    ...{ estimates, tokens, time, disk, network, cost, budget },
    warnings: [
      ...(dataProblem ? [unreadData(dataProblem, input.recipe)] : []),
      ...planWarnings(input, known.resolved.id),
      ...hardware.flatMap((one) => batchWarning(input.recipe, one)),
    ],
  };
}

/** GPUs that are named need not be here. */
function namedDevice(recipe: Recipe, here: Device): RenderInput["device"] {
  const { device, gpus } = recipe.compute;
  return device === "auto" ? { kind: "cuda", count: gpus, bf16: true } : renderingDevice(recipe, here);
}

function batchWarning(recipe: Recipe, hardware: Hardware): string[] {
  const { train, compute } = onHardware(recipe, hardware);
  return train.batch_size === recipe.train.batch_size
    ? []
    : [
        `train.batch_size ${recipe.train.batch_size} does not divide over ${compute.gpus} GPUs: ${hardware.label} is planned with ${train.batch_size}`,
      ];
}

/** With train.micro_batch auto again: as many rows as fit here say nothing of hardware elsewhere. */
function asWrittenBatch(loaded: LoadedRecipe, written: LoadedRecipe): LoadedRecipe {
  const train = { ...loaded.recipe.train, micro_batch: written.recipe.train.micro_batch };
  return { ...loaded, recipe: { ...loaded.recipe, train } };
}

function unreadData(problem: string, { data }: Recipe): string {
  return `${problem}; the estimate takes rows of data.max_length (${data.max_length} tokens)`;
}

async function advise(input: PlanInput, hardware: Hardware): Promise<Advice | null> {
  const { unsupported } = await loadEngine(input.recipe.engine.name);
  const device = hardware.kind === "cpu" ? ("cpu" as const) : ("cuda" as const);
  const isTaken = (recipe: Recipe): boolean =>
    unsupported(recipe) === null && checkRecipe(recipe, () => false, { ...nothingKnown, device }).length === 0;
  return adviseFit(input, hardware, isTaken);
}

/** One request at most, for a hub model that is neither in the catalogue nor here. */
async function shapeOf(
  { loaded, model }: KnownRecipe,
  { env, signal }: Pick<PlanOptions, "env" | "signal">,
): Promise<ModelShape> {
  const known = knownShape(model);
  if (known) return known;
  const { modelCard } = await import("../models/model-card.js");
  try {
    return (await modelCard(loaded.recipe.model.base, { cwd: loaded.dir, env, signal })).shape;
  } catch (error) {
    // Beside `ft models` a mistake on the command line; here the recipe names it.
    if (!(error instanceof FtError) || error.code !== "models.no-facts") throw error;
    const { code, message, why, next } = error;
    throw new FtError({ ...{ code, message, why, next }, exit: "recipe", where: loaded.whereIs(["model", "base"]) });
  }
}
