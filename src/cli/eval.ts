// `ft eval [run]`: base against adapter of a run; runs its evaluator again when results are missing or a setting changed. `ft eval run|show|compare|audit`:
// suites; each action is a file of its own in src/cli/eval/.
import { join } from "node:path";
import { type Command, InvalidArgumentError } from "commander";
import { registerPower } from "./eval/power.js";
import { writeJson } from "./io.js";
import { outputName } from "./output-name.js";
import type { CommandContext } from "./program.js";

interface Flags {
  set?: string[];
  rows?: number;
  flips?: boolean;
  json?: boolean;
}

export function registerEval(program: Command, context: CommandContext): void {
  const { io } = context;
  const command = program
    .command("eval [run]")
    .description(
      "compare base and adapter of a run (default: the last) on its held-out rows; suites: the commands below",
    )
    .option("--rows <n>", "compare the first n examples only", wholeNumber)
    .option("--flips", "show examples that only one of the two got right")
    .option("--set <eval.key=value>", "evaluate again with another setting", collect)
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
          ...{ db, projectDir: io.cwd, run: id, jobDir, changes, rows: flags.rows },
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
  // Commander gives `--json` to `eval`, which has one too, wherever it stands: so the commands read both.
  const names = ["--suite <name>", "only this suite; repeatable", collect] as const;

  command
    .command("run [subjects...]")
    .description(
      "evaluate what is missing of the recipe's suites: for base, a line (its newest version) or name@version",
    )
    .option("--recipe <file>", "where the suites are", "ft.yaml")
    .option("--suite <name>", "only this suite; repeatable; heldout: today's held-out rows", collect)
    .option("--force", "evaluate also what was evaluated already")
    .option("--json", "print {evaluations: [{manifest, results, reused}]}")
    .action(async (subjects, _, own) =>
      (await import("./eval/run.js")).evalRunCommand(context, subjects, own.optsWithGlobals()),
    );

  command
    .command("show [subject]")
    .description("what is stored: all evaluations, or those of base, name@version or an evaluation's id")
    .option(...names)
    .option("--html <file>", "write one self-contained page", outputName)
    .option("--md, --markdown", "print Markdown")
    .option("--json", "print {evaluations: [{manifest, results, failed}]}")
    .action(async (subject, _, own) =>
      (await import("./eval/show.js")).showCommand(context, subject, own.optsWithGlobals()),
    );

  command
    .command("compare [subjects...]")
    .description("subjects side by side, the last one against the others (default: base, champion, the newest version)")
    .option(...names)
    .option("--examples <n>", "show so many of the items that turned", wholeNumber, 10)
    .option("--html <file>", "write one self-contained page", outputName)
    .option("--md, --markdown", "print Markdown")
    .option("--json", "print {candidate, suites: [{comparison, turns, ...}]}")
    .action(async (subjects, _, own) =>
      (await import("./eval/compare.js")).compareCommand(context, subjects, own.optsWithGlobals()),
    );

  command
    .command("audit")
    .description(
      "look for the suites' items in the training data: exact, but for case and spaces, near; ends with 4 when one is there",
    )
    .option("--recipe <file>", "where suites and training data are named", "ft.yaml")
    .option(...names)
    .option("--html <file>", "write one self-contained page", outputName)
    .option("--md, --markdown", "print Markdown")
    .option("--json", "print {suites: [{name, items, found}], rows}")
    .action(async (_, own) => (await import("./eval/audit.js")).auditCommand(context, own.optsWithGlobals()));

  registerPower(command, context);
}

function collect(one: string, all: string[] = []): string[] {
  return [...all, one];
}

function wholeNumber(text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value > 0) return value;
  throw new InvalidArgumentError("It takes a whole number above zero.");
}
