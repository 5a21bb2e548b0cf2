// `ft eval run`: evaluates what is missing of the recipe's suites.
import { dirname } from "node:path";
import { exitCodes, FtError } from "../../errors.js";
import { resultsOf } from "../../eval/stored-results.js";
import { openProject } from "../../pipeline/open-project.js";
import { type EvaluatedSuite, evaluateSuites } from "../../pipeline/suites/evaluate-suites.js";
import { subjectLabel } from "../../pipeline/suites/subject.js";
import { loadRecipe } from "../../recipes/load.js";
import { counted } from "../../report/number.js";
import { writeJson } from "../io.js";
import { preparing } from "../preparing.js";
import type { CommandContext } from "../program.js";
import { level } from "../views/metric-figures.js";
import { plainTable } from "../views/plain-table.js";

export interface EvalRunFlags {
  recipe: string;
  suite?: string[];
  force?: boolean;
  json?: boolean;
}

export async function evalRunCommand(
  { io, exit }: CommandContext,
  references: string[],
  flags: EvalRunFlags,
): Promise<void> {
  const loaded = loadRecipe(flags.recipe, { cwd: io.cwd, env: io.env });
  const store = await openProject(dirname(loaded.file));
  try {
    const evaluated = await preparing(io, (context) =>
      evaluateSuites(
        loaded,
        { references, suites: flags.suite ?? [], force: flags.force ?? false },
        { ...context, store, now: io.now },
      ),
    );
    const results = evaluated.map((one) => ({ ...one, results: resultsOf(store, one.manifest) }));
    const failed = evaluated.filter(({ manifest }) => manifest.errors > 0);
    if (failed.length > 0) exit(exitCodes.training.code);
    if (flags.json) return writeJson(io, { ok: failed.length === 0, evaluations: results });
    const rows = results.flatMap(({ manifest, reused, results }) =>
      results.map(({ metric, result }) => [
        ...[subjectLabel(manifest.subject), manifest.suite.name, metric.name],
        result === null ? "–" : level(result.mean, metric.format),
        `${result?.n ?? 0} of ${manifest.items}`,
        reused ? "was there" : "",
      ]),
    );
    const columns = ["subject", "suite", "metric", "result", "items", ""].map((head, index) => ({
      ...{ head, align: index === 3 || index === 4 ? ("right" as const) : ("left" as const) },
    }));
    io.out.write(`${plainTable(columns, rows).join("\n")}\n`);
    for (const one of failed) io.err.write(`error: ${incomplete(one).message}\n  next: ${incomplete(one).next}\n`);
    if (failed.length === 0) io.err.write("side by side: ft eval compare\n");
  } finally {
    store.close();
  }
}

function incomplete({ manifest: { suite, subject, errors } }: EvaluatedSuite): FtError {
  const label = subjectLabel(subject);
  return new FtError({
    code: "eval.incomplete",
    exit: "training",
    message: `${counted(errors, "item")} of suite ${suite.name} could not be scored for ${label}: the evaluation is not complete`,
    next: `ft eval show ${label} --suite ${suite.name} says why; mend the suite and repeat`,
  });
}
