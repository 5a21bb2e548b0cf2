// What an engine can do at a version, asked of the engine itself.
import { parseRecipe } from "../recipes/parse.js";
import { methodNames } from "../recipes/schema/method.js";
import { objectiveNames } from "../recipes/schema/objective.js";
import type { MethodName, ObjectiveName } from "../recipes/schema.js";
import type { Engine } from "./contract.js";

export interface Capabilities {
  objectives: ObjectiveName[];
  methods: MethodName[];
}

/** Objectives that it trains with LoRA, and methods that it knows for SFT; what else a recipe combines it may still refuse. */
export function capabilitiesOf(engine: Engine, version: string): Capabilities {
  const can = (objective: ObjectiveName, method: MethodName) => {
    const written = objective === "grpo" ? { type: objective, rewards: ["exact_match"] } : objective;
    const recipe = parseRecipe({
      name: "capabilities",
      model: { base: "smollm2-135m" },
      method,
      objective: written,
      data: { train: "train.jsonl" },
      engine: { name: engine.name, version },
    });
    return engine.unsupported(recipe) === null;
  };
  return {
    objectives: objectiveNames.filter((objective) => can(objective, "lora")),
    methods: methodNames.filter((method) => can("sft", method)),
  };
}
