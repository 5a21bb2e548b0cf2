// The suites of a recipe, read and ready: what is wrong with one is known before anything is trained or generated.
import { FtError } from "../../errors.js";
import { findSandbox } from "../../eval/scorers/code.js";
import { type LoadedSuite, loadSuite } from "../../eval/suites/load-suite.js";
import { asGenerated } from "../../recipes/built-in-suites.js";
import type { LoadedRecipe } from "../../recipes/load.js";
import type { LockEntry } from "../../recipes/lock-file.js";
import type { Suite } from "../../recipes/schema/suites.js";
import type { PrepareContext } from "../survey.js";

/** Those whose answers the trainer generates; `suites` may have a judge. Default: those of a run's job. Throws FtError data.*, eval.suite-data, eval.suite-empty, eval.schema, eval.no-sandbox. */
export async function loadSuites(
  { recipe, dir, whereIs }: LoadedRecipe,
  locked: LockEntry | null,
  { env, signal, onProgress }: Pick<PrepareContext, "env" | "signal" | "onProgress">,
  suites: readonly Suite[] = (recipe.eval.suites ?? []).filter((suite) => asGenerated(suite) !== null),
): Promise<LoadedSuite[]> {
  const loaded: LoadedSuite[] = [];
  for (const suite of suites) {
    const generated = suite.type === "judge" ? suite : asGenerated(suite);
    if (!generated) continue;
    const index = recipe.eval.suites!.indexOf(suite);
    const options = { dir, env, signal, onProgress, pins: locked?.hub };
    const ready = await loadSuite(generated, suite.type, options).catch((error) => {
      throw missingFile(error, whereIs(["eval", "suites", index, "data"]));
    });
    const code = ready.scorers.find((scorer) => scorer.type === "code");
    if (code) await findSandbox(code);
    loaded.push(ready);
  }
  return loaded;
}

/** A file that is not there is the recipe's mistake: its place is the one to show. */
function missingFile(error: unknown, where: FtError["where"]): unknown {
  if (!(error instanceof FtError) || error.code !== "data.missing") return error;
  return new FtError({ ...error, message: error.message, where, cause: error });
}

/** Those of these names, or all. Throws FtError eval.unknown-suite, eval.no-suites (usage). */
export function chosenSuites({ recipe, file }: LoadedRecipe, names: readonly string[]): Suite[] {
  const { suites = [] } = recipe.eval;
  if (suites.length === 0) throw noSuites(file);
  const unknown = names.find((name) => !suites.some((suite) => suite.name === name));
  if (unknown !== undefined) {
    throw new FtError({
      code: "eval.unknown-suite",
      exit: "usage",
      message: `the recipe has no suite ${unknown}`,
      where: { file },
      next: `choose one of: ${suites.map(({ name }) => name).join(", ")}`,
    });
  }
  return names.length === 0 ? suites : suites.filter(({ name }) => names.includes(name));
}

function noSuites(file: string): FtError {
  return new FtError({
    code: "eval.no-suites",
    exit: "usage",
    message: "the recipe has no suites to evaluate on",
    where: { file },
    next: "add some under eval.suites, for example [{ type: builtin, name: general }] (docs/evaluation.md); its held-out rows: ft eval run --suite heldout",
  });
}
