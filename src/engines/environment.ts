// Environment variables of a job's steps that hold for every engine. Never secrets.
import type { RenderInput } from "./contract.js";

/** The base is a local folder: nothing is asked of the hub. Caches stay in the job folder. */
export function jobEnvironment({ recipe, device }: Pick<RenderInput, "recipe" | "device">): Record<string, string> {
  const isOneOfMany = device.kind === "cuda" && recipe.compute.gpus === 1 && device.count > 1;
  return {
    HF_HUB_OFFLINE: "1",
    HF_DATASETS_CACHE: "cache/datasets",
    TOKENIZERS_PARALLELISM: "false",
    ...(isOneOfMany ? { CUDA_VISIBLE_DEVICES: device.firstGpu ?? "0" } : {}),
  };
}
