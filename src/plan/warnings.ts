// What a plan guesses, told to the person beside it.
import { isKnownFamily } from "../models/architecture.js";
import { findHubId } from "../models/catalogue.js";
import { countParameters, weightGroups } from "../models/weight-groups.js";
import type { PlanInput } from "./memory-plan.js";
import { unreadOverrides } from "./overrides.js";

/** Sentences; none when all that matters is known. @param base hub id, or what else the model is called */
export function planWarnings({ recipe, shape }: PlanInput, base: string): string[] {
  const unread = unreadOverrides(recipe);
  const beside = findHubId(base)?.multimodal ? shape.paramsB - countParameters(weightGroups(shape)) / 1e9 : 0;
  return [
    ...(beside > 0.05
      ? [
          `engines load the part that reads images too, about ${beside.toFixed(1)} billion parameters (${((beside * 2e9) / 2 ** 30).toFixed(1)} GiB in bf16), which the estimate leaves out`,
        ]
      : []),
    ...(isKnownFamily(shape.family)
      ? []
      : [`ft does not know the architecture ${shape.family}: it is counted like Llama, and may take more or less`]),
    ...(unread.length > 0 ? [`the estimate does not read ${unread.join(", ")}, which may change memory or time`] : []),
  ];
}
