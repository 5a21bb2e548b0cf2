// What makes a training fit: the changes of a recipe that cost least, in the order of what they cost.
import type { Recipe } from "../recipes/schema.js";
import type { Hardware } from "./hardware.js";
import { type MemoryPlan, type PlanInput, planMemory } from "./memory-plan.js";

interface Change {
  /** Dotted key -> value, as `--set` takes them. */
  set: Record<string, string | number | boolean>;
  /** In words. */
  what: string;
  /** GiB less than before this change. */
  savesGiB: number;
  /** What it costs, in time or quality. */
  price: string;
}

export interface Advice {
  changes: Change[];
  /** With all of them. */
  after: MemoryPlan;
}

type Candidate = Omit<Change, "savesGiB">;

/**
 * Changes until it fits, each tried in the order of `ladder`; those that turn out not to be needed are left out again. Null: it fits as it is.
 * `isAllowed`: the engine and the recipe's rules take it. When nothing makes it fit, `after.verdict` says so.
 */
export function adviseFit(input: PlanInput, hardware: Hardware, isAllowed: (recipe: Recipe) => boolean): Advice | null {
  const before = planMemory(input, hardware);
  if (before.verdict === "fits") return null;
  const tried: Candidate[] = [];
  let [recipe, plan] = [input.recipe, before];
  for (const step of ladder) {
    // A step may be taken again: half of the micro batch, and half of that.
    for (let candidate = step(recipe, hardware); candidate; candidate = step(recipe, hardware)) {
      const changed = withChange(recipe, candidate.set);
      const next = isAllowed(changed) ? planMemory({ ...input, recipe: changed }, hardware) : plan;
      if (next.needed.mid >= 0.99 * plan.needed.mid) break;
      tried.push(candidate);
      [recipe, plan] = [changed, next];
      if (plan.verdict === "fits")
        return { changes: priced(input, hardware, pruned(input, hardware, tried)), after: plan };
    }
  }
  return { changes: priced(input, hardware, tried), after: plan };
}

/** Without those, first the dear ones, that it fits without. */
function pruned(input: PlanInput, hardware: Hardware, changes: Candidate[]): Candidate[] {
  return changes.toReversed().reduce((kept, candidate) => {
    const rest = kept.filter((one) => one !== candidate);
    const recipe = rest.reduce((changed, { set }) => withChange(changed, set), input.recipe);
    return planMemory({ ...input, recipe }, hardware).verdict === "fits" ? rest : kept;
  }, changes);
}

/** Changes of the same key as one, and what each saves after those before it. */
function priced(input: PlanInput, hardware: Hardware, changes: readonly Candidate[]): Change[] {
  const last = new Map(changes.map((change) => [Object.keys(change.set).join(), change]));
  let [recipe, gib] = [input.recipe, planMemory(input, hardware).needed.mid];
  return [...last.values()].map((change) => {
    recipe = withChange(recipe, change.set);
    const after = planMemory({ ...input, recipe }, hardware).needed.mid;
    const savesGiB = Math.round((gib - after) * 100) / 100;
    gib = after;
    return { ...change, savesGiB };
  });
}

/** From what costs only time to what costs quality. */
const ladder: ((recipe: Recipe, hardware: Hardware) => Candidate | null)[] = [
  ({ train }) =>
    train.gradient_checkpointing
      ? null
      : {
          set: { "train.gradient_checkpointing": true },
          what: "compute activations again instead of keeping them",
          price: "about a third slower; the same result",
        },
  ({ train, compute }) => {
    const micro = microBatchOf(train.micro_batch, train.batch_size / Math.max(1, compute.gpus));
    return micro <= 1
      ? null
      : {
          set: { "train.micro_batch": largestDivisorUpTo(micro / 2, micro) },
          what: `${largestDivisorUpTo(micro / 2, micro)} rows in a forward pass instead of ${micro}, and more passes a step`,
          price: "somewhat slower; the same batch, the same result",
        };
  },
  ({ compute, engine }, { count }) =>
    count < 2 || engine.name === "unsloth" || !["auto", "ddp"].includes(compute.parallel)
      ? null
      : {
          set: { "compute.parallel": "fsdp", "compute.gpus": count },
          what: `share weights and states over the ${count} GPUs (FSDP2)`,
          price: "more communication; the same result",
        },
  ({ train }, { kind }) =>
    kind === "cpu" || train.optimizer !== "adamw"
      ? null
      : {
          set: { "train.optimizer": "paged_adamw_8bit" },
          what: "AdamW's moments in 8 bits, paged to CPU memory when the GPU is full",
          price: "about the same quality (Dettmers et al., arXiv 2110.02861); slower steps where pages move",
        },
  ({ method }) =>
    method.type !== "lora"
      ? null
      : {
          set: { "method.type": "qlora" },
          what: "a 4-bit base under the adapter",
          price: "a little quality (QLoRA, arXiv 2305.14314, found none at 7B to 65B), and slower steps",
        },
  ({ method }) =>
    method.type !== "full"
      ? null
      : {
          set: { "method.type": "lora" },
          what: "train an adapter instead of all weights",
          price: "close to full training on small and middling data (LoRA Without Regret), not on large",
        },
  ({ method }) =>
    method.type === "full" || method.rank <= 8
      ? null
      : {
          set: { "method.rank": Math.max(8, Math.floor(method.rank / 2)) },
          what: `rank ${Math.max(8, Math.floor(method.rank / 2))}`,
          price: "room to learn: little on small data",
        },
  ({ data }) =>
    data.max_length <= 256
      ? null
      : {
          set: { "data.max_length": Math.max(256, Math.floor(data.max_length / 2)) },
          what: `rows cut at ${Math.max(256, Math.floor(data.max_length / 2))} tokens`,
          price: "what longer rows say after that is not learnt",
        },
];

function microBatchOf(micro: Recipe["train"]["micro_batch"], rows: number): number {
  return typeof micro === "number" ? micro : Math.min(8, Math.max(1, Math.floor(rows)));
}

function largestDivisorUpTo(most: number, of: number): number {
  let divisor = Math.max(1, Math.floor(most));
  while (of % divisor !== 0) divisor--;
  return divisor;
}

/** The recipe with dotted keys changed. */
function withChange(recipe: Recipe, set: Candidate["set"]): Recipe {
  const changed: Record<string, unknown> = { ...recipe };
  for (const [key, value] of Object.entries(set)) {
    const [section, name] = key.split(".") as [string, string];
    changed[section] = { ...(changed[section] as object), [name]: value };
  }
  return changed as Recipe;
}
