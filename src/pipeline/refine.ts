// A recipe's open keys, chosen by what is known of its model, data and machine without any network.
import type { DatasetFacts } from "../dataset/canonical.js";
import { datasetFacts } from "../dataset/dataset-facts.js";
import type { LocatedSource } from "../dataset/locate-files.js";
import type { RenderInput } from "../engines/contract.js";
import type { Device } from "../engines/machine.js";
import { FtError } from "../errors.js";
import { describeModel } from "../models/describe.js";
import type { ModelFacts } from "../models/facts.js";
import { isExact, knownRevision } from "../models/pin-revision.js";
import { type ResolvedModel, resolveModel } from "../models/resolve.js";
import type { Env } from "../paths.js";
import type { ChoiceFacts } from "../recipes/defaults.js";
import { chooseAsLocked } from "../recipes/keep-choices.js";
import type { LoadedRecipe } from "../recipes/load.js";
import { type LockEntry, readLock } from "../recipes/lock-file.js";
import { checkRecipeData } from "./check-recipe-data.js";
import { closeMicroBatch } from "./fit-here.js";
import { locateDataHere } from "./locate-data.js";
import { type CountedRows, countedRows } from "./sample-recipe.js";
import { targetThere } from "./target-there.js";
import { renderingDevice } from "./training-device.js";

export interface KnownRecipe {
  loaded: LoadedRecipe;
  resolved: ResolvedModel;
  model: ModelFacts;
  /** Rendered for. */
  device: RenderInput["device"];
  /** The machine's. */
  here: Device;
  /** Why its target could not be asked, so that `here` is this machine; null: it was. */
  silence: string | null;
  /** Null when a training file is not here. */
  dataset: DatasetFacts | null;
  source: LocatedSource | null;
  /** Why there are no rows to train on; null: there are. */
  dataProblem: string | null;
  /** Its training rows, counted. */
  rows: CountedRows;
}

interface RefineOptions {
  deviceOf?: typeof renderingDevice;
  /** `targetOrHere`, where nothing depends on what the target has. */
  askTarget?: typeof targetThere;
}

/** Throws FtError recipe.*, model.*, env.no-device, data.* (a data file that is there but cannot be used). */
export async function refineRecipe(
  loaded: LoadedRecipe,
  env: Env,
  { deviceOf = renderingDevice, askTarget = targetThere }: RefineOptions = {},
): Promise<KnownRecipe> {
  const { recipe } = loaded;
  const locked = await readLock(loaded.file);
  const resolved = pinnedByLock(resolveRecipeModel(loaded, env), loaded, locked);
  const model = await describeRecipeModel(loaded, resolved, env);
  const { here, silence } = await askTarget(recipe, resolved, env);
  const device = deviceOf(recipe, here);
  let dataProblem: string | null = null;
  const onMissing = ({ message }: FtError): void => {
    dataProblem = message;
  };
  const source = await locateDataHere(loaded, { env, locked, onMissing });
  const dataset = source && (await datasetFacts(source));
  const isSameBase = locked !== null && (await knownRevision(resolved, { env })) === locked.base.revision;
  const chosen = chooseAsLocked(loaded, choiceFacts(model, dataset, device), { locked, isSameBase });
  if (source && dataset?.train.rows === 0) dataProblem = await whyNoRows(loaded, source);
  const rows = countedRows({ loaded: chosen, model, device, dataset, source });
  const closed = await closeMicroBatch(chosen, { model, rows, device, here, env }, locked);
  return { loaded: closed, resolved, model, device, here, silence, dataset, source, dataProblem, rows };
}

/** The first of what the check finds. */
async function whyNoRows(loaded: LoadedRecipe, source: LocatedSource): Promise<string> {
  const { findings } = await checkRecipeData(loaded, source, null);
  const first = findings.find(({ severity }) => severity === "error");
  return first
    ? `no row can be used: ${first.file}:${first.line}: ${first.message} (ft data check shows all)`
    : "there is no row to train on";
}

/** A branch or tag stays at the commit that the lock holds, as long as the recipe names the same one. */
export function pinnedByLock(model: ResolvedModel, { recipe }: LoadedRecipe, locked: LockEntry | null): ResolvedModel {
  if (!locked || model.source === "folder" || model.source === "gguf") return model;
  const { id, revision } = locked.base;
  const isSame = id === model.id && locked.recipe["model.revision"] === recipe.model.revision;
  return isSame && isExact(revision) ? { ...model, revision } : model;
}

export function resolveRecipeModel(loaded: LoadedRecipe, env: Env): ResolvedModel {
  const { base, revision } = loaded.recipe.model;
  try {
    return resolveModel(base, { cwd: loaded.dir, env, revision });
  } catch (error) {
    throw placed(loaded, error);
  }
}

export async function describeRecipeModel(loaded: LoadedRecipe, model: ResolvedModel, env: Env): Promise<ModelFacts> {
  try {
    return await describeModel(model, { template: loaded.recipe.model.template, cwd: loaded.dir, env });
  } catch (error) {
    throw placed(loaded, error);
  }
}

/** A failure about the model, with the place in the recipe that names it. */
export function placed({ whereIs }: LoadedRecipe, error: unknown): unknown {
  if (!(error instanceof FtError) || error.where || error.exit !== "recipe") return error;
  const key = error.code.startsWith("template.") ? "template" : error.code.includes("revision") ? "revision" : "base";
  return new FtError({ ...error, message: error.message, where: whereIs(["model", key]), cause: error.cause });
}

export function choiceFacts(
  model: Pick<ModelFacts, "paramsB" | "maxContext">,
  dataset: DatasetFacts | null,
  device: RenderInput["device"] | null,
): ChoiceFacts {
  return {
    paramsB: model.paramsB,
    maxContext: model.maxContext,
    device: device?.kind ?? null,
    rows: dataset?.train.rows ?? null,
    longestChars: dataset?.train.longestChars ?? null,
  };
}
