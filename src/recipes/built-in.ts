// The recipes that ft brings (recipes/*.yaml): named by `extends:` and `ft init --from`.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { packageRoot } from "../paths.js";

export interface BuiltInRecipe {
  name: string;
  /** Absolute. */
  file: string;
  /** From its first line: what it is for, and the GPUs that it fits. */
  purpose: string;
  fits: string;
}

export const builtInDir = join(packageRoot, "recipes");

export function builtInRecipes(): BuiltInRecipe[] {
  return readdirSync(builtInDir)
    .filter((name) => name.endsWith(".yaml"))
    .sort()
    .map((name) => {
      const file = join(builtInDir, name);
      const [, purpose = "", fits = ""] = /^# (.*); fits (.*)$/m.exec(readFileSync(file, "utf8")) ?? [];
      return { name: name.replace(/\.yaml$/, ""), file, purpose, fits };
    });
}
