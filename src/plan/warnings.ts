// What a plan guesses, told to the person beside it.
import { isKnownFamily } from "../models/architecture.js";
import type { PlanInput } from "./memory-plan.js";
import { unreadOverrides } from "./overrides.js";

/** Sentences; none when all that matters is known. */
export function planWarnings({ recipe, shape }: PlanInput): string[] {
  const unread = unreadOverrides(recipe);
  return [
    ...(isKnownFamily(shape.family)
      ? []
      : [`ft does not know the architecture ${shape.family}: it is counted like Llama, and may take more or less`]),
    ...(unread.length > 0 ? [`the estimate does not read ${unread.join(", ")}, which may change memory or time`] : []),
  ];
}
