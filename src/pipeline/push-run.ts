// The end of a run whose recipe has `hub`: its adapter goes to the Hub.
import { join } from "node:path";
import { pushAdapter } from "../adapters/push.js";
import type { RegisteredAdapter } from "../adapters/registry.js";
import { type Env, runsDir } from "../paths.js";
import { storedRecipe } from "./stored-recipe.js";
import { suiteScores } from "./suites/suite-scores.js";

/** Null: the recipe names no repository. Throws as pushAdapter does; the adapter stays registered. */
export async function pushRun(
  projectDir: string,
  adapter: RegisteredAdapter,
  { env, onNotice }: { env: Env; onNotice(text: string): void },
): Promise<{ url: string } | null> {
  const { hub } = storedRecipe(join(runsDir(projectDir), adapter.run));
  return hub ? pushAdapter(adapter, hub, env, { scores: await suiteScores(projectDir, adapter), onNotice }) : null;
}
