// `ft run`: the whole way - data checked, environment, model, trained, evaluated, registered.
import type { Command } from "commander";
import { exitCodes } from "../errors.js";
import type { PrepareContext } from "../pipeline/survey.js";
import { writeJson } from "./io.js";
import type { CommandContext } from "./program.js";
import { collect, setsWithTarget } from "./render.js";

interface Flags {
  set?: string[];
  on?: string;
  detach?: boolean;
  dryRun?: boolean;
  frozen?: boolean;
  force?: boolean;
  ignoreFit?: boolean;
  probe?: boolean;
  ignoreBudget?: boolean;
  exitCode?: boolean;
  json?: boolean;
}

export function registerRun(program: Command, context: CommandContext): void {
  const { io } = context;
  program
    .command("run [recipe]")
    .description("train, evaluate and register as a recipe says (default ft.yaml)")
    .option("--set <key=value>", "change a key of the recipe for this run; repeatable", collect)
    .option("--on <target>", "run there instead of where compute.on says (ft launch targets)")
    .option("--detach", "return as soon as the trainer runs")
    .option("--dry-run", "say what would be done; no network, nothing written")
    .option("--frozen", "refuse to train anything but what ft.lock.json holds")
    .option("--force", "train also when nothing changed since a run, or the same run is on its way")
    .option("--ignore-fit", "train also what by the estimate does not fit the memory here (ft plan)")
    .option(
      "--probe",
      "first train two steps of the longest rows; take fewer at a time where memory runs out (ft plan --probe)",
    )
    .option("--ignore-budget", "leave compute.budget aside: before the run, and while it goes on")
    .option("--exit-code", "end with 9 when nothing changed")
    .option("--json", "print the result as JSON")
    .action(async (file: string | undefined, flags: Flags) => {
      const { loadRecipe } = await import("../recipes/load.js");
      const loaded = loadRecipe(file ?? "ft.yaml", { cwd: io.cwd, env: io.env, sets: setsWithTarget(flags) });
      const { frozen = false, force = false, ignoreFit = false, ignoreBudget = false, probe = false } = flags;
      const { preparing } = await import("./preparing.js");
      if (flags.dryRun) {
        const locked = async (context: PrepareContext) =>
          (await import("../pipeline/lock-recipe.js")).checkLock(loaded, context);
        const there = frozen ? await preparing(io, locked) : null;
        const { planRun } = await import("../pipeline/plan-run.js");
        const plan = await planRun(loaded, { env: io.env, now: io.now(), there }, { ignoreFit, ignoreBudget });
        if (flags.json) return writeJson(io, { ok: true, plan });
        const { planText } = await import("./views/plan-text.js");
        return io.out.write(planText(plan));
      }
      const { startRun } = await import("../pipeline/start-run.js");
      const { openProject } = await import("../pipeline/open-project.js");
      const { estimateLine } = await import("./views/plan-time.js");
      const outcome = await preparing(io, (prepare) =>
        startRun(
          loaded,
          {
            ...prepare,
            openStore: () => openProject(loaded.dir),
            now: io.now,
            random: Math.random,
            onEstimate: (estimate) => prepare.onNotice(`the run takes ${estimateLine(estimate)}`),
          },
          { frozen, force, ignoreFit, ignoreBudget, probe, writesLock: !frozen && flags.set === undefined },
        ),
      );
      if ("unchanged" in outcome) {
        const { showUnchanged } = await import("./show-unchanged.js");
        const { json = false, detach = false } = flags;
        showUnchanged(io, outcome.unchanged, { loaded, json, detach });
        return flags.exitCode ? context.exit(exitCodes.unchanged.code) : undefined;
      }
      const run = "atWork" in outcome ? outcome.atWork : outcome.started;
      if ("atWork" in outcome)
        io.err.write(`run ${run.id} of the same recipe and data is on its way: this is it; train another: --force\n`);
      if (flags.detach) {
        if (flags.json) return writeJson(io, { ok: true, run: { id: run.id, name: run.name, dir: run.dir } });
        io.out.write(`${run.id}\n`);
        return io.err.write(`training in the background: ft runs watch ${run.id}\n`);
      }
      const { followToEnd } = await import("./follow-to-end.js");
      await followToEnd(context, { projectDir: loaded.dir, id: run.id, json: flags.json ?? false });
    });
}
