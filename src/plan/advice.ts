// What makes a training fit: the changes of a recipe that cost least, in the order of what they cost.
import { givenMicroBatch } from "../recipes/batch.js";
import { isOfBitsandbytes } from "../recipes/check-recipe.js";
import type { Recipe } from "../recipes/schema.js";
import type { Hardware } from "./hardware.js";
import { type MemoryPlan, onHardware, type PlanInput, planMemory } from "./memory-plan.js";

interface Change {
  /** Dotted key -> value, as `--set` takes them. */
  set: Settings;
  /** In words. */
  what: string;
  /** GiB less than before this change. */
  savesGiB: number;
  /** What it costs, in time or quality. */
  price: string;
}

type Settings = Record<string, string | number | boolean>;

interface Way {
  changes: Change[];
  /** With all of them. */
  after: MemoryPlan;
}

export interface Advice extends Way {
  /** With all changes it fits, or is tight where it did not fit at all; else they are as near as ft comes, and not worth writing. */
  isEnough: boolean;
  /** Where `changes` cost quality: those that don't, and make it tight; null: there are none. */
  tight: Way | null;
}

/**
 * Changes until it fits, tried in the order of `ladder`, each again after the others; those that turn out not to be needed are left out.
 * Null: it fits as it is. `isAllowed`: the engine and the recipe's rules take it.
 */
export function adviseFit(given: PlanInput, hardware: Hardware, isAllowed: (recipe: Recipe) => boolean): Advice | null {
  const input = { ...given, recipe: onHardware(given.recipe, hardware) };
  const planOf = (recipe: Recipe): MemoryPlan => planMemory({ ...input, recipe }, hardware);
  const before = planOf(input.recipe);
  if (before.verdict === "fits") return null;
  const without = (reached: (plan: MemoryPlan) => boolean, steps: readonly Settings[]): Way => {
    const kept = pruned(steps, (rest) => {
      const recipe = withChanges(input.recipe, rest);
      return isAllowed(recipe) && reached(planOf(recipe));
    });
    return { changes: priced(input, hardware, kept), after: planOf(withChanges(input.recipe, kept)) };
  };
  const isTight = ({ verdict }: MemoryPlan): boolean => verdict !== "does not fit";
  const steps: Settings[] = [];
  let [recipe, plan, tight] = [input.recipe, before, null as Way | null];
  while (plan.verdict !== "fits") {
    const step = nextStep(
      recipe,
      hardware,
      (changed) => isAllowed(changed) && planOf(changed).needed.mid <= plan.needed.mid,
    );
    if (step === null) break;
    if (step.costsQuality && tight === null && !isTight(before) && isTight(plan)) tight = without(isTight, steps);
    steps.push(step.set);
    recipe = withChanges(recipe, [step.set]);
    plan = planOf(recipe);
  }
  if (plan.verdict === "fits") return { ...without(({ verdict }) => verdict === "fits", steps), isEnough: true, tight };
  if (isTight(plan) && !isTight(before)) return { ...(tight ?? without(isTight, steps)), isEnough: true, tight: null };
  const nearest = plan.needed.mid;
  return { ...without(({ needed }) => needed.mid <= nearest, steps), isEnough: false, tight: null };
}

/** The cheapest step that is not taken yet and is `good`; null: none. */
function nextStep(
  recipe: Recipe,
  hardware: Hardware,
  isGood: (changed: Recipe) => boolean,
): { set: Settings; costsQuality: boolean } | null {
  for (const { next, costsQuality } of ladder) {
    const set = next(recipe, hardware);
    if (set && isGood(withChanges(recipe, [set]))) return { set, costsQuality };
  }
  return null;
}

/** Without those, first the dear ones, that are not needed. */
function pruned(steps: readonly Settings[], isEnough: (rest: Settings[]) => boolean): Settings[] {
  return steps.toReversed().reduce(
    (kept: Settings[], step) => {
      const rest = kept.filter((one) => one !== step);
      return isEnough(rest) ? rest : kept;
    },
    [...steps],
  );
}

/** Steps of the same key as one change, in words, and what each saves after those before it. */
function priced(input: PlanInput, hardware: Hardware, steps: readonly Settings[]): Change[] {
  const last = new Map(steps.map((set) => [Object.keys(set).join(), set]));
  let [recipe, gib] = [input.recipe, planMemory(input, hardware).needed.mid];
  return [...last.values()].map((set) => {
    recipe = withChanges(recipe, [set]);
    const after = planMemory({ ...input, recipe }, hardware).needed.mid;
    const savesGiB = Math.round((gib - after) * 100) / 100;
    gib = after;
    const rung = ladder.find(({ key }) => key in set)!;
    return { set, savesGiB, ...rung.words(input.recipe, recipe) };
  });
}

interface Rung {
  /** By which its settings are known. */
  key: string;
  /** It trains something else, or something less. */
  costsQuality: boolean;
  /** Null: it is taken already, or does nothing here. It may be taken again: half of the rows, and half of that. */
  next(recipe: Recipe, hardware: Hardware): Settings | null;
  words(before: Recipe, after: Recipe): Pick<Change, "what" | "price">;
}

/** From what costs only time to what costs quality. */
const ladder: readonly Rung[] = [
  {
    key: "train.gradient_checkpointing",
    costsQuality: false,
    next: ({ train }) => (train.gradient_checkpointing ? null : { "train.gradient_checkpointing": true }),
    words: () => ({
      what: "compute activations again instead of keeping them",
      price: "about a third slower; the same result",
    }),
  },
  {
    key: "train.micro_batch",
    costsQuality: false,
    next: (recipe) => {
      const micro = microBatchOf(recipe);
      return micro <= 1 ? null : { "train.micro_batch": largestDivisorUpTo(micro / 2, micro) };
    },
    words: (before, after) => ({
      what: `${counted(microBatchOf(after))} in a forward pass instead of ${microBatchOf(before)}, and more passes a step`,
      price: "somewhat slower; the same batch, the same result",
    }),
  },
  {
    key: "compute.parallel",
    costsQuality: false,
    next: ({ compute, engine, train }, { count }) =>
      count < 2 || engine.name === "unsloth" || !["auto", "ddp"].includes(compute.parallel)
        ? null
        : {
            ...{ "compute.parallel": "fsdp", "compute.gpus": count },
            ...(isOfBitsandbytes(train.optimizer) ? { "train.optimizer": "adamw" } : {}),
          },
    words: (before, { compute, train }) => ({
      what: `share weights and states over the ${compute.gpus} GPUs (FSDP2)${isOfBitsandbytes(before.train.optimizer) ? `, with ${train.optimizer}: ${before.train.optimizer} does not know its shards` : ""}`,
      price: "more communication; the same result",
    }),
  },
  {
    key: "train.optimizer",
    costsQuality: false,
    next: ({ train }, { kind }) =>
      kind === "cpu" || !["adamw", "muon"].includes(train.optimizer) ? null : { "train.optimizer": "paged_adamw_8bit" },
    words: ({ train }) => ({
      what: "AdamW's moments in 8 bits, paged to CPU memory when the GPU is full",
      price:
        train.optimizer === "muon"
          ? "another optimizer than muon: its learning rate is another one too"
          : "about the same quality (Dettmers et al., arXiv 2110.02861); slower steps where pages move",
    }),
  },
  {
    key: "method.type",
    costsQuality: true,
    next: ({ method }) =>
      method.type === "full" ? { "method.type": "lora" } : method.type === "lora" ? { "method.type": "qlora" } : null,
    words: ({ method: before }, { method: after }) => {
      const lora = "close to full training on small and middling data (LoRA Without Regret), not on large";
      const qlora = "a little quality (QLoRA, arXiv 2305.14314, found none at 7B to 65B), and slower steps";
      if (after.type === "lora") return { what: "train an adapter instead of all weights", price: lora };
      return before.type === "full"
        ? { what: "train an adapter on a 4-bit base instead of all weights", price: `${lora}; ${qlora}` }
        : { what: "a 4-bit base under the adapter", price: qlora };
    },
  },
  {
    key: "method.rank",
    costsQuality: true,
    next: ({ method }) =>
      method.type === "full" || method.rank <= 8 ? null : { "method.rank": Math.max(8, Math.floor(method.rank / 2)) },
    words: (before, { method }) => ({
      what: `rank ${method.rank} instead of ${before.method.rank}`,
      price: "room to learn: little on small data",
    }),
  },
  {
    key: "data.max_length",
    costsQuality: true,
    next: ({ data }) =>
      data.max_length <= 256 ? null : { "data.max_length": Math.max(256, Math.floor(data.max_length / 2)) },
    words: (_, { data }) => ({
      what: `rows cut at ${data.max_length} tokens`,
      price: "what longer rows say after that is not learnt",
    }),
  },
];

function counted(rows: number): string {
  return rows === 1 ? "1 row" : `${rows} rows`;
}

function microBatchOf({ train, compute }: Recipe): number {
  const rows = train.batch_size / Math.max(1, compute.gpus / compute.context_parallel);
  return givenMicroBatch(train) ?? Math.min(8, Math.max(1, Math.floor(rows)));
}

function largestDivisorUpTo(most: number, of: number): number {
  let divisor = Math.max(1, Math.floor(most));
  while (of % divisor !== 0) divisor--;
  return divisor;
}

/** The recipe with dotted keys changed. */
function withChanges(recipe: Recipe, steps: readonly Settings[]): Recipe {
  const changed: Record<string, unknown> = { ...recipe };
  for (const [key, value] of steps.flatMap((set) => Object.entries(set))) {
    const [section, name] = key.split(".") as [string, string];
    changed[section] = { ...(changed[section] as object), [name]: value };
  }
  return changed as Recipe;
}
