// The recipe as `--set` and `--gpu` change it for a plan: "4x name" sets compute.gpus, a bare name leaves it as the recipe has it.
import { gpuCount } from "../../plan/gpus.js";
import { type LoadedRecipe, loadRecipe } from "../../recipes/load.js";
import type { Io } from "../io.js";

interface ForGpus {
  /** For the first GPU. */
  loaded: LoadedRecipe;
  gpus: { typed: string; count: number }[];
  /** What of `loaded` is not in its file. */
  sets: string[];
}

/** The recipe must be one for each number of GPUs. Throws FtError plan.gpu-count, and as loadRecipe. */
export function loadForGpus(
  io: Io,
  file: string,
  { set = [], gpu = [] }: { set?: readonly string[] | undefined; gpu?: readonly string[] | undefined },
): ForGpus {
  const setsFor = (typed: string): string[] => {
    const count = gpuCount(typed);
    return [...set, ...(count === null ? [] : [`compute.gpus=${count}`])];
  };
  const load = (sets: string[]): LoadedRecipe => loadRecipe(file, { cwd: io.cwd, env: io.env, sets });
  const [first, ...others] = gpu.map((typed) => ({ typed, sets: setsFor(typed), loaded: load(setsFor(typed)) }));
  if (first === undefined) return { loaded: load([...set]), gpus: [], sets: [...set] };
  const gpus = [first, ...others].map(({ typed, loaded }) => ({ typed, count: loaded.recipe.compute.gpus }));
  return { loaded: first.loaded, sets: first.sets, gpus };
}
