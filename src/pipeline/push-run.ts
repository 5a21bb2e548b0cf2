// The end of a run whose recipe has `hub`: its adapter goes to the Hub.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { pushAdapter } from "../adapters/push.js";
import type { RegisteredAdapter } from "../adapters/registry.js";
import { type Env, runsDir } from "../paths.js";
import { parseRecipe } from "../recipes/parse.js";

/** Null: the recipe names no repository. Throws as pushAdapter does; the adapter stays registered. */
export async function pushRun(
  projectDir: string,
  adapter: RegisteredAdapter,
  env: Env,
): Promise<{ url: string } | null> {
  const file = join(runsDir(projectDir), adapter.run, "recipe.yaml");
  const { hub } = parseRecipe(parse(readFileSync(file, "utf8")));
  return hub ? pushAdapter(adapter, hub, env) : null;
}
