// What a table calls the hardware of a plan: "h100-sxm", "2x a100-40g".
import type { MemoryPlan } from "../../plan/memory-plan.js";

export function gpuName({ alias, hardware, count }: Pick<MemoryPlan, "alias" | "hardware" | "count">): string {
  if (alias === null) return hardware;
  return count > 1 ? `${count}x ${alias}` : alias;
}
