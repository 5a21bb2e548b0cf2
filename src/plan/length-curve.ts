// How a training's memory grows with the length of its rows, and how long they may be.
import type { Hardware } from "./hardware.js";
import type { Band } from "./memory/allocator.js";
import { type PlanInput, planMemory } from "./memory-plan.js";

export interface LengthCurve {
  /** Equally far apart. */
  points: ({ tokens: number } & Band)[];
  /** Tokens of the longest row that surely fits, and that fits by the estimate; null: none does. Both within the model's context. */
  longest: { fits: number | null; tight: number | null };
  /** Tokens of the longest row as planned. */
  planned: number;
}

const steps = 16;
const least = 16;

/** GiB that are needed. Pure. `context`: the longest that the model takes; null: not known. */
export function lengthCurve(input: PlanInput, hardware: Hardware, context: number | null): LengthCurve {
  const { data } = input.recipe;
  const planned = data.packing ? data.max_length : Math.min(data.max_length, input.lengths?.longest ?? data.max_length);
  const most = Math.max(planned, context ?? 64 * planned);
  const capacity = hardware.bytes / 2 ** 30;
  const at = (tokens: number): Band => planMemory(ofLength(input, tokens), hardware).needed;
  const longest = {
    fits: longestWith((tokens) => at(tokens).high <= capacity, most),
    tight: longestWith((tokens) => at(tokens).mid <= capacity, most),
  };
  // As far as it fits and a little further, but so that where one stands can be seen.
  const end = Math.min(most, Math.max(2 * planned, 1.25 * (longest.tight ?? 0)), 16 * planned);
  const points = Array.from({ length: steps + 1 }, (_, index) => {
    const tokens = Math.max(least, Math.round((index * end) / steps));
    return { tokens, ...at(tokens) };
  });
  return { points, longest, planned };
}

/** Rows of that length; the share that the mean has of the longest stays. */
function ofLength({ recipe, shape, lengths }: PlanInput, tokens: number): PlanInput {
  return {
    shape,
    recipe: { ...recipe, data: { ...recipe.data, max_length: tokens } },
    lengths: lengths && { longest: tokens, mean: tokens * Math.min(1, lengths.mean / lengths.longest) },
  };
}

/** By halving, to a sixty-fourth: memory grows with length. Rounded down to 16 tokens. */
function longestWith(fits: (tokens: number) => boolean, most: number): number | null {
  if (fits(most)) return most;
  if (!fits(least)) return null;
  let [low, high] = [least, most];
  while (high - low > Math.max(least, low / 64)) {
    const middle = Math.floor((low + high) / 2);
    if (fits(middle)) low = middle;
    else high = middle;
  }
  return Math.floor(low / least) * least;
}
