// config/evaluate.json: what the evaluator (ft_trainer.evaluate) measures; the same for every engine.
import { asGenerated, suitePaths } from "../recipes/built-in-suites.js";
import type { RenderInput } from "./contract.js";
import { precisionOf, torchNames } from "./precision.js";
import { rewardFunctions } from "./rewards.js";

export function evaluateJson({ recipe, device }: Pick<RenderInput, "recipe" | "device">): string {
  const { objective, method, data, eval: suite } = recipe;
  const suites = (suite.suites ?? []).flatMap((one) => asGenerated(one) ?? []);
  const settings = {
    model: "model",
    adapter: "out/adapter",
    objective: objective.type,
    method: method.type,
    items: "eval/items.jsonl",
    output: "out/eval/items.jsonl",
    maxLength: data.max_length,
    maxNewTokens: objective.type === "grpo" ? objective.max_completion_length : suite.max_new_tokens,
    batchSize: suite.batch_size,
    device: device.kind,
    dtype: torchNames[precisionOf(recipe, device)],
    ...(objective.type === "grpo"
      ? {
          rewardFuncs: rewardFunctions(objective),
          rewardWeights: objective.reward_weights ?? objective.rewards.map(() => 1),
        }
      : {}),
    ...(suites.length > 0
      ? {
          suites: suites.map(({ name, max_new_tokens: maxNewTokens }) => ({ name, ...suitePaths(name), maxNewTokens })),
        }
      : {}),
  };
  return `${JSON.stringify(settings, null, 2)}\n`;
}

export const evaluateStep: { module: string; args: string[] } = {
  module: "ft_trainer.evaluate",
  args: ["config/evaluate.json"],
};
