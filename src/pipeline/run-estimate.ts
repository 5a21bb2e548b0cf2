// Tokens, time, disk, network, cost and budget of a run, from what is known without a request; for `ft plan` and before each `ft run`.
import { readFileSync } from "node:fs";
import { stat } from "node:fs/promises";
import { availableParallelism, cpus } from "node:os";
import { dirname } from "node:path";
import type { DatasetFacts } from "../dataset/canonical.js";
import type { DataLayout, RenderInput } from "../engines/contract.js";
import { environmentBytes } from "../engines/env/environment-bytes.js";
import { listEnvironments } from "../engines/env/list-environments.js";
import { environmentsDir } from "../engines/env/marker.js";
import type { Device } from "../engines/machine.js";
import { stepsOf } from "../engines/steps.js";
import { FtError } from "../errors.js";
import { freeBytes } from "../free-space.js";
import type { ModelFacts } from "../models/facts.js";
import { hubCacheDir, hubRepoDir } from "../models/hub-cache.js";
import { knownShape } from "../models/known-shape.js";
import type { ModelShape } from "../models/model-shape.js";
import { type Env, runsDir } from "../paths.js";
import { type BudgetPlan, judgeBudget, type RunLimits, runLimits } from "../plan/budget.js";
import { correctTime } from "../plan/calibration/correct-time.js";
import { type CostPlan, costPlan } from "../plan/cost-plan.js";
import { type Gpu, gpuCatalogue, gpuNamed } from "../plan/gpus.js";
import type { Hardware } from "../plan/hardware.js";
import { onHardware, precisionOn } from "../plan/memory-plan.js";
import { type Rates, ratesOf } from "../plan/prices.js";
import { settingOfRecipe } from "../plan/recipe-setting.js";
import { baseBytes, type DiskPlan, type NetworkPlan, type StorageFacts, storagePlan } from "../plan/storage-plan.js";
import { type CpuFacts, machineOfCpu, machineOfGpu } from "../plan/time/machine.js";
import type { Machine } from "../plan/time/pass-seconds.js";
import { lengthsOf, type RowSample } from "../plan/time/row-sample.js";
import { type TimePlan, timePlan } from "../plan/time/time-plan.js";
import { type TokenPlan, tokenPlan } from "../plan/time/token-plan.js";
import type { LoadedRecipe } from "../recipes/load.js";
import type { Recipe } from "../recipes/schema.js";
import { hardwareHere } from "./fit-here.js";
import { type CountedRows, layoutOf } from "./sample-recipe.js";
import { pricesThere } from "./target-prices.js";

export interface KnownRun {
  loaded: LoadedRecipe;
  shape: ModelShape;
  model: ModelFacts;
  dataset: DatasetFacts | null;
  /** Null: the data is not here, or none of it is a row. */
  sample: RowSample | null;
  layout: DataLayout;
  here: Device;
}

export interface HardwareEstimate {
  hardware: string;
  alias: string | null;
  tokens: TokenPlan | null;
  time: TimePlan | null;
  /** Why there is no time; null: there is. */
  timeUnknown: string | null;
  /** Null: no price or no time is known. */
  cost: CostPlan | null;
  disk: DiskPlan;
  network: NetworkPlan;
  budget: BudgetPlan | null;
  limits: RunLimits | null;
}

/** One for each hardware. Throws FtError plan.gpus-invalid, plan.prices-invalid (usage), plan.bandwidth (usage), data.*. */
export async function estimateRun(
  known: KnownRun,
  hardware: readonly Hardware[],
  { env, now }: { env: Env; now: number },
): Promise<HardwareEstimate[]> {
  const { loaded, sample, dataset } = known;
  const lengths = sample && lengthsOf(sample);
  const [storage, cards] = [await storageFacts(known, env), gpuCatalogue(env)];
  const prices = await pricesThere(loaded.recipe.compute, env);
  return hardware.map((one) => {
    const recipe = onHardware(loaded.recipe, one);
    const { shape, here } = known;
    const setting = settingOfRecipe(recipe, {
      shape,
      precision: precisionOn(recipe, one),
      lengths,
      isCpu: one.kind === "cpu",
    });
    const tokens = sample && dataset && tokensOf(recipe, sample, dataset, known.layout);
    const { disk, network } = storagePlan(setting, recipe, tokens?.steps ?? recipe.train.save_every, {
      ...storage,
      tokensPerEpoch: tokens?.epoch.tokens ?? 0,
    });
    const card = cardOf(one, here, cards);
    // How fast another machine's CPU is nobody knows here.
    const machine =
      one.kind === "cpu"
        ? here.elsewhere
          ? null
          : cpuMachine(recipe)
        : card && machineOfGpu(card, setting.precision.compute);
    const timeUnknown = whyNoTime(machine, tokens, one);
    const counted =
      machine && tokens
        ? timePlan({
            ...{ setting, recipe, machine, tokens, network },
            isMeasured: card !== undefined && measuredCards.has(card.alias),
            environmentHere: storage.environmentMissing === 0,
            heldOutRows: dataset?.eval?.rows ?? 0,
          })
        : null;
    const time = counted && correctTime(counted, one.correction, recipe.engine.name);
    const rates = ratesFor(one, card, prices);
    const gpus = one.kind === "cpu" ? 1 : one.count;
    const cost = time && rates ? costPlan(time.total, rates, gpus, now) : null;
    const { budget } = recipe.compute;
    return {
      ...{ hardware: one.label, alias: one.alias, tokens, time, timeUnknown, cost, disk, network },
      budget: judgeBudget(budget, { seconds: time?.total ?? null, cost, disk }),
      limits: runLimits(budget, rates, gpus),
    };
  });
}

/** On the hardware that is here; null: the base's dimensions or the hardware's are not known. Throws as estimateRun does, and FtError recipe.overrides. */
export async function estimateHere(
  known: Omit<KnownRun, "shape" | "layout" | "sample"> & { device: RenderInput["device"]; rows: CountedRows },
  context: { env: Env; now: number },
): Promise<HardwareEstimate | null> {
  const { loaded, model } = known;
  const [shape, hardware] = [knownShape(model), hardwareHere(loaded, { ...known, env: context.env })];
  if (!shape || !hardware) return null;
  const [layout, sample] = [await layoutOf(known), await known.rows()];
  const [estimate] = await estimateRun({ ...known, shape, layout, sample }, [hardware], context);
  return estimate!;
}

/** What the run is held to. Throws FtError plan.over-budget where dollars are allowed and no price is known. */
export function limitsOf({ recipe }: LoadedRecipe, estimate: HardwareEstimate | null): RunLimits | null {
  if (estimate) return estimate.limits;
  const { budget } = recipe.compute;
  if (budget?.usd !== undefined) throw unpriced(budget.usd);
  return runLimits(budget, null, 1);
}

function unpriced(usd: number): FtError {
  return new FtError({
    code: "plan.over-budget",
    exit: "fit",
    message: "compute.budget.usd can't be kept to",
    why: `${usd} are allowed, and what the hardware here costs is not known`,
    next: "limit hours instead; `ft run --ignore-budget` starts all the same",
  });
}

/** Whose training speeds others measured, and which the constants were fitted to (bench/data/throughput-points.csv); an A100 is one with less memory too. */
const measuredCards = new Set(["a100-80g", "a100-80g-pcie", "a100-40g", "h100-sxm", "l40s", "rtx4090"]);

function whyNoTime(machine: Machine | null | undefined, tokens: TokenPlan | null, { label }: Hardware): string | null {
  if (!machine) return `ft has no figures of how fast ${label} computes; a line in ~/.config/ft/gpus.jsonl gives them`;
  return tokens ? null : "the rows are not known";
}

/** Throws FtError plan.over-budget (exit fit): the estimate exceeds the budget, or its dollars can't be told. */
export function refuseOverBudget({ budget, hardware, cost }: HardwareEstimate): void {
  const bad = budget?.checks.filter(
    ({ verdict, limit }) => verdict === "exceeds" || (verdict === "unknown" && limit === "usd"),
  );
  if (!bad || bad.length === 0) return;
  const round = (value: number): string => Number(value.toPrecision(2)).toString();
  const isPriceless = bad.some(({ verdict }) => verdict === "unknown") && cost === null;
  throw new FtError({
    code: "plan.over-budget",
    exit: "fit",
    message: `the run on ${hardware} is not within compute.budget`,
    why: bad
      .map(({ limit, allowed, estimate }) =>
        estimate === null
          ? `${limit}: ${allowed} are allowed, and what it costs is not known`
          : `${limit}: about ${round(estimate.mid)} (${round(estimate.low)} to ${round(estimate.high)}), and ${allowed} are allowed`,
      )
      .join("; "),
    next: isPriceless
      ? "add a price to ~/.config/ft/prices.jsonl (data/README.md), or limit hours; `ft run --ignore-budget` starts all the same"
      : "`ft plan` shows what takes how long, `ft plan --all` what other GPUs cost; raise compute.budget, or `ft run --ignore-budget`",
  });
}

function tokensOf(recipe: Recipe, sample: RowSample, { train }: DatasetFacts, layout: DataLayout): TokenPlan {
  const perRow = recipe.objective.type === "grpo" ? recipe.objective.generations : 1;
  return tokenPlan(recipe, {
    sample,
    examples: layout === "prompt-completion" ? train.assistantTurns : train.rows * perRow,
    meanChars: train.totalChars / train.rows,
    steps: stepsOf(recipe, { train, eval: null }, layout),
  });
}

/** Of the catalogue, by its alias or by what the machine calls it. */
function cardOf({ alias }: Hardware, { names }: Device, cards: readonly Gpu[]): Gpu | undefined {
  if (alias !== null) return cards.find((card) => card.alias === alias);
  return names[0] === undefined ? undefined : gpuNamed(names[0], cards);
}

function ratesFor({ kind }: Hardware, card: Gpu | undefined, prices: Parameters<typeof ratesOf>[1]): Rates | null {
  if (kind === "cpu") return ratesOf("cpu", prices);
  return card ? ratesOf(card.alias, prices) : null;
}

/** Processes that train together share the cores. */
function cpuMachine({ compute }: Recipe): Machine {
  const { cores, ...facts } = cpuFacts();
  return machineOfCpu({ ...facts, cores: cores / compute.gpus });
}

function cpuFacts(): CpuFacts {
  const flags = readIfThere("/proc/cpuinfo");
  return {
    cores: availableParallelism(),
    hertz: (cpus()[0]?.speed ?? 0) * 1e6,
    vectors: /\bavx512f\b/.test(flags) ? "avx512" : /\bavx2\b/.test(flags) ? "avx2" : "other",
  };
}

function readIfThere(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}

/** What a download is taken to bring without FT_DOWNLOAD_MB_PER_S. */
const usualBandwidth = 50;

function bandwidthOf({ FT_DOWNLOAD_MB_PER_S: setting }: Env): number {
  const value = setting ? Number(setting) : usualBandwidth;
  if (value > 0 && Number.isFinite(value)) return value * 1e6;
  throw new FtError({
    code: "plan.bandwidth",
    exit: "usage",
    message: `FT_DOWNLOAD_MB_PER_S is ${setting}, which is no speed`,
    next: "give megabytes a second, for example FT_DOWNLOAD_MB_PER_S=50",
  });
}

async function storageFacts(
  { loaded, model, shape, dataset, here }: KnownRun,
  env: Env,
): Promise<Omit<StorageFacts, "tokensPerEpoch">> {
  const { engine } = loaded.recipe;
  const { elsewhere } = here;
  const common = { dataChars: dataset ? dataset.train.totalChars : 0, bandwidth: bandwidthOf(env) };
  const isHub = model.source === "hub" || model.source === "embedded";
  if (elsewhere) {
    const { room } = elsewhere;
    return {
      ...common,
      ...{ baseMissing: room?.hub.isThere && isHub ? 0 : baseBytes(shape), isBaseFetched: isHub },
      environmentMissing: room?.environments.isThere ? 0 : environmentBytes[here.kind],
      disks: disksThere(elsewhere),
    };
  }
  const environments = await listEnvironments(env);
  const isEnvironmentHere = environments.some(
    ({ marker }) => marker?.engine === engine.name && marker.engineVersion === engine.version,
  );
  const partly =
    isHub && model.dir === null ? await bytesIn(`${hubRepoDir(env, { type: "model", id: model.id })}/blobs`) : 0;
  return {
    baseMissing: model.dir === null ? Math.max(0, baseBytes(shape) - partly) : 0,
    isBaseFetched: isHub,
    environmentMissing: isEnvironmentHere ? 0 : environmentBytes[here.kind],
    disks: await disksOf([hubCacheDir(env), environmentsDir(env)], runsDir(loaded.dir)),
    ...common,
  };
}

/** Of the files in a folder; 0 when it is not there. An interrupted download counts: it goes on from there. */
async function bytesIn(dir: string): Promise<number> {
  const { readdir } = await import("node:fs/promises");
  const names = await readdir(dir).catch(() => []);
  const sizes = await Promise.all(
    names.map((name) =>
      stat(`${dir}/${name}`).then(
        ({ size }) => size,
        () => 0,
      ),
    ),
  );
  return sizes.reduce((sum, size) => sum + size, 0);
}

/** A platform whose disks cannot be asked for says nothing of them. */
function disksThere({ label, room }: NonNullable<Device["elsewhere"]>): StorageFacts["disks"] {
  if (!room) return { cache: null, project: null, isSame: false, on: label };
  const { jobs, environments, hub } = room;
  return {
    cache: Math.min(environments.freeBytes, hub.freeBytes),
    project: jobs.freeBytes,
    isSame: new Set([jobs.device, environments.device, hub.device]).size === 1,
    on: label,
  };
}

/** Of two caches on different disks the fuller one. */
async function disksOf(caches: string[], project: string): Promise<StorageFacts["disks"]> {
  const free = async (dir: string) => freeBytes(dir).catch(() => null);
  const cacheFree = (await Promise.all(caches.map(free))).filter((bytes) => bytes !== null);
  const devices = await Promise.all([...caches, project].map(deviceOf));
  return {
    cache: cacheFree.length > 0 ? Math.min(...cacheFree) : null,
    project: await free(project),
    isSame: new Set(devices).size === 1,
  };
}

/** Of the nearest folder that is there. */
async function deviceOf(dir: string): Promise<number | null> {
  for (let at = dir; ; at = dirname(at)) {
    const found = await stat(at).catch(() => null);
    if (found || dirname(at) === at) return found?.dev ?? null;
  }
}
