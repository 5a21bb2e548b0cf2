// Which device a recipe trains on: what is here, unless compute.device says otherwise.
import type { RenderInput } from "../engines/contract.js";
import type { Device } from "../engines/machine.js";
import { FtError } from "../errors.js";
import { checkRecipe } from "../recipes/check-recipe.js";
import { nothingKnown } from "../recipes/defaults.js";
import type { Recipe } from "../recipes/schema.js";

/** For rendering and explaining, which need no such machine: what the recipe names, or cannot do without, is taken to be there. */
export function renderingDevice(recipe: Recipe, here: Device): RenderInput["device"] {
  const { device, gpus } = recipe.compute;
  const kind = here.kind === "rocm" ? "cuda" : here.kind;
  if (device === "auto" && kind !== "cuda" && contradictions(recipe, "cuda") < contradictions(recipe, kind))
    return { kind: "cuda", count: gpus, bf16: true };
  if ((device === "cuda" && (kind !== "cuda" || here.count < gpus)) || (device === "mps" && kind !== "mps"))
    return { kind: device, count: gpus, bf16: true };
  return trainingDevice(recipe, here);
}

function contradictions(recipe: Recipe, device: RenderInput["device"]["kind"]): number {
  return checkRecipe(recipe, () => false, { ...nothingKnown, device }).length;
}

/** ROCm's torch calls its GPUs cuda. Throws FtError `env.no-device` (environment) when the asked one is not here. */
export function trainingDevice({ compute }: Recipe, here: Device): RenderInput["device"] {
  const kind = here.kind === "rocm" ? "cuda" : here.kind;
  if (compute.device === "cpu") return { kind: "cpu", count: 0, bf16: false };
  if (compute.device !== "auto" && compute.device !== kind) {
    throw new FtError({
      code: "env.no-device",
      exit: "environment",
      message: `compute.device is ${compute.device}, but what is here is ${here.kind}`,
      ...(here.problem ? { why: here.problem } : {}),
      next: "set compute.device to auto, or run where that device is; `ft doctor` says what is here",
    });
  }
  if (kind === "cuda" && compute.gpus > here.count) {
    throw new FtError({
      code: "env.too-few-gpus",
      exit: "environment",
      message: `compute.gpus is ${compute.gpus}, but ${here.count} can be used here`,
      next: "lower compute.gpus, or run where there are more; `ft doctor` says what is here",
    });
  }
  return { kind, count: here.count, bf16: here.bf16, ...(here.firstGpu ? { firstGpu: here.firstGpu } : {}) };
}
