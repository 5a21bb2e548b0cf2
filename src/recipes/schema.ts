// The recipe: the only file a person writes. Types, JSON Schema, defaults and docs all come from this schema.
import { z } from "zod";
import { alertsSchema } from "./schema/alerts.js";
import type { ColumnMap } from "./schema/columns.js";
import { computeSchema, engineSchema } from "./schema/compute.js";
import { dataSchema } from "./schema/data.js";
import { evalSchema } from "./schema/evaluation.js";
import { gateSchema } from "./schema/gate.js";
import { hubSchema } from "./schema/hub.js";
import { methodSchema } from "./schema/method.js";
import { modelSchema } from "./schema/model.js";
import { objectiveSchema } from "./schema/objective.js";
import { trainSchema } from "./schema/train.js";

export const recipeSchema = z.strictObject({
  name: z
    .string()
    .regex(/^[a-z0-9][a-z0-9._-]{0,62}$/, "use lower-case letters, digits, '.', '_' and '-' (63 at most)")
    .describe("names the runs and the adapter line"),
  model: modelSchema,
  method: methodSchema,
  objective: objectiveSchema.prefault("sft"),
  data: dataSchema,
  train: trainSchema.prefault({}),
  engine: engineSchema.prefault({}),
  compute: computeSchema.prefault({}),
  eval: evalSchema.prefault({}),
  gate: gateSchema.prefault({}),
  hub: hubSchema.optional(),
  alerts: alertsSchema.optional(),
});

/** A valid recipe as written: keys whose default depends on model and data may be open. */
export type WrittenRecipe = z.output<typeof recipeSchema>;

type Closed<T, K extends keyof T> = Omit<T, K> & { [P in K]-?: Exclude<T[P], undefined> };

/** What the rest of ft reads: every key filled in (recipes/defaults.ts), every data source in its long form. */
export type Recipe = Omit<WrittenRecipe, "method" | "data" | "train" | "engine" | "eval"> & {
  method: Closed<WrittenRecipe["method"], "rank" | "alpha" | "target_modules">;
  data: Omit<Closed<WrittenRecipe["data"], "max_length">, "train" | "eval"> & { train: DataSource[]; eval?: string[] };
  train: Closed<WrittenRecipe["train"], "epochs" | "learning_rate" | "batch_size" | "warmup_ratio">;
  engine: Closed<WrittenRecipe["engine"], "version">;
  eval: Closed<WrittenRecipe["eval"], "metrics">;
};

/** A file of training rows; `weight`: times each row is taken. */
export interface DataSource extends ColumnMap {
  path: string;
  format: WrittenRecipe["data"]["format"];
  weight: number;
}

export type Objective = WrittenRecipe["objective"];
export type ObjectiveName = Objective["type"];
export type MethodName = WrittenRecipe["method"]["type"];
export type EngineName = WrittenRecipe["engine"]["name"];
