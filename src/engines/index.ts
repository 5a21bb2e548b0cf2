// The engines by name, loaded when used.
import type { EngineName } from "../recipes/schema.js";
import type { Engine } from "./contract.js";

const engines: Record<EngineName, () => Promise<Engine>> = {
  trl: async () => (await import("./trl/index.js")).trl,
  unsloth: async () => (await import("./unsloth/index.js")).unsloth,
  axolotl: async () => (await import("./axolotl/index.js")).axolotl,
};

export function loadEngine(name: EngineName): Promise<Engine> {
  return engines[name]();
}
