// `ft eval [run]`: base against adapter of a run; runs its evaluator again when results are missing or a setting changed.
import { type Command, InvalidArgumentError } from "commander";
import { writeJson } from "./io.js";
import type { CommandContext } from "./program.js";

interface Flags {
  set?: string[];
  rows?: number;
  flips?: boolean;
  json?: boolean;
}

export function registerEval(program: Command, { io }: CommandContext): void {
  program
    .command("eval [run]")
    .description("compare base and adapter of a run (default: the last) on its held-out rows")
    .option("--rows <n>", "compare the first n examples only", wholeNumber)
    .option("--flips", "show examples that only one of the two got right")
    .option("--set <eval.key=value>", "evaluate again with another setting", (one, all: string[] = []) => [...all, one])
    .option("--json", "print JSON")
    .action(async (reference: string | undefined, flags: Flags) => {
      const { changedSettings } = await import("../pipeline/changed-settings.js");
      const { evaluateRun } = await import("../pipeline/evaluate.js");
      const { enginePython } = await import("../pipeline/engine-python.js");
      const { runEvaluator } = await import("../pipeline/run-evaluator.js");
      const { findRunFolder } = await import("../pipeline/find-run.js");
      const { openStore } = await import("../store/open.js");
      const changes = changedSettings(flags.set ?? []);
      const { job, dir: jobDir } = findRunFolder(io.cwd, reference ?? "last");
      const db = openStore(io.cwd);
      try {
        const comparison = await evaluateRun({
          ...{ db, run: job.id, jobDir, changes, rows: flags.rows },
          runEvaluator: () => {
            const python = enginePython(io.env);
            io.err.write(`evaluating base and adapter of ${job.id} ...\n`);
            return runEvaluator({ jobDir, python, env: job.env });
          },
        });
        const { comparisonJson, comparisonText } = await import("./views/comparison.js");
        if (flags.json)
          return writeJson(io, { ok: true, run: job.id, ...comparisonJson(comparison, flags.flips === true) });
        io.out.write(comparisonText(job.id, comparison, { flips: flags.flips === true, width: io.out.columns }));
      } finally {
        db.close();
      }
    });
}

function wholeNumber(text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value > 0) return value;
  throw new InvalidArgumentError("It takes a whole number above zero.");
}
