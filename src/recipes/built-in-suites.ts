// Suites whose answers the trainer generates: a person's own, and those that ft brings (data/suites/), named by `type: builtin`.
import { join } from "node:path";
import { packageRoot } from "../paths.js";
import { type Suite, suiteSchema } from "./schema/suites.js";

export type GenerateSuite = Extract<Suite, { type: "generate" }>;

/** A suite whose answers the trainer generates and ft scores, in the job already. Null: a judge or another program does it. */
export function asGenerated(suite: Suite): GenerateSuite | null {
  if (suite.type === "generate") return suite;
  return suite.type === "builtin" ? builtIn(suite.name) : null;
}

function builtIn(name: string): GenerateSuite {
  const data = join(packageRoot, "data/suites", `${name}.jsonl`);
  const scorers = [{ type: "check", name: name === "safety" ? "refused" : "correct" }];
  const suite = { type: "generate", name, data, max_new_tokens: 64, scorers, slices: ["topic"] };
  return suiteSchema.parse(suite) as GenerateSuite;
}

export const suitesFolder = "eval/suites";

/** Where a suite's items lie in a job folder, and where its answers go. */
export function suitePaths(name: string): { items: string; output: string } {
  return { items: `${suitesFolder}/${name}/items.jsonl`, output: `out/suites/${name}/items.jsonl` };
}
