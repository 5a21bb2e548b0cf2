// Reward functions of grpo as import paths: built-in ones, and a person's own files, which go into the job folder.
import { basename } from "node:path";
import { FtError } from "../errors.js";
import type { Objective } from "../recipes/schema.js";

type Grpo = Extract<Objective, { type: "grpo" }>;

/** In trainer/ft_trainer/rewards.py. */
const builtIn = ["exact_match", "json_valid", "think_format"];

/** Dotted paths, importable in the job folder: `ft_trainer.rewards.json_valid`, `rewards.mine.score`. Throws FtError recipe.rewards. */
export function rewardFunctions({ rewards }: Grpo): string[] {
  return rewards.map((reward) => {
    const [file, name] = reward.split(":");
    if (name !== undefined) return `rewards.${basename(file!, ".py")}.${name}`;
    if (builtIn.includes(reward)) return `ft_trainer.rewards.${reward}`;
    throw new FtError({
      code: "recipe.rewards",
      exit: "recipe",
      message: `objective.rewards: no reward is called ${reward}`,
      next: `use ${builtIn.join(", ")}, or your own as file.py:function`,
    });
  });
}

/** Files to copy into the job folder: path in the recipe -> path in the job. */
export function rewardFiles(objective: Objective): Record<string, string> {
  if (objective.type !== "grpo") return {};
  const files = objective.rewards.filter((reward) => reward.includes(":")).map((reward) => reward.split(":")[0]!);
  return Object.fromEntries(files.map((file) => [file, `rewards/${basename(file)}`]));
}
