// `ft eval [run]`: base against adapter of a run; runs its evaluator again when results are missing or a setting changed.
import { join } from "node:path";
import { type Command, InvalidArgumentError } from "commander";
import { registerPower } from "./eval/power.js";
import { writeJson } from "./io.js";
import type { CommandContext } from "./program.js";

interface Flags {
  set?: string[];
  rows?: number;
  flips?: boolean;
  json?: boolean;
}

export function registerEval(program: Command, context: CommandContext): void {
  const { io } = context;
  const evaluation = program
    .command("eval [run]")
    .description("compare base and adapter of a run (default: the last) on its held-out rows")
    .option("--rows <n>", "compare the first n examples only", wholeNumber)
    .option("--flips", "show examples that only one of the two got right")
    .option("--set <eval.key=value>", "evaluate again with another setting", (one, all: string[] = []) => [...all, one])
    .option("--json", "print JSON")
    .action(async (reference: string | undefined, flags: Flags) => {
      const { changedSettings } = await import("../pipeline/changed-settings.js");
      const { evaluateRun } = await import("../pipeline/evaluate.js");
      const { runEvaluator } = await import("../pipeline/run-evaluator.js");
      const { ensureEnvironment } = await import("../engines/env/ensure-environment.js");
      const { trainerEnv } = await import("../pipeline/submit.js");
      const { readJob } = await import("../runs/job-file.js");
      const { runsDir } = await import("../paths.js");
      const { preparing } = await import("./preparing.js");
      const { withRun } = await import("./runs/with-runs.js");
      const changes = changedSettings(flags.set ?? []);
      await withRun(io, reference ?? "last", async (db, { id }) => {
        const jobDir = join(runsDir(io.cwd), id);
        const job = readJob(jobDir);
        const comparison = await evaluateRun({
          ...{ db, run: id, jobDir, changes, rows: flags.rows },
          runEvaluator: () =>
            preparing(io, async ({ env, signal, onProgress }) => {
              const { python } = await ensureEnvironment(job.engine, { env, signal, onProgress });
              onProgress({ label: `evaluating base and adapter of ${id}` });
              await runEvaluator({
                job,
                jobDir,
                python,
                env: trainerEnv(env),
                onWait: (label) => onProgress({ label }),
              });
            }),
        });
        const { comparisonJson, comparisonText } = await import("./views/comparison.js");
        if (flags.json)
          return writeJson(io, { ok: true, run: id, ...comparisonJson(comparison, flags.flips === true) });
        io.out.write(comparisonText(id, comparison, { flips: flags.flips === true, width: io.out.columns }));
      });
    });
  registerPower(evaluation, context);
}

function wholeNumber(text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value > 0) return value;
  throw new InvalidArgumentError("It takes a whole number above zero.");
}
