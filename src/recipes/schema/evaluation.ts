// recipe key `eval`: what is measured on the held-out rows, base against result; and on suites beside them.
import { z } from "zod";
import { suitesSchema } from "./suites.js";

export const evalMetrics = ["loss", "exact_match", "json_valid", "preference_accuracy", "reward"] as const;

export const evalSchema = z.strictObject({
  metrics: z.array(z.enum(evalMetrics)).min(1).optional().describe("default by the objective"),
  max_rows: z.int().positive().default(200).describe("held-out rows evaluated, the first ones"),
  max_new_tokens: z.int().positive().default(128).describe("longest answer generated, greedily"),
  batch_size: z.int().positive().default(16).describe("rows generated at once"),
  suites: suitesSchema.optional().describe("what else is measured, on data of its own: ft eval run"),
});
