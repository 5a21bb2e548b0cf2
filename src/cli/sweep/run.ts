// `ft sweep`: plan, drive, present.
import { resolve } from "node:path";
import { exitCodes, FtError } from "../../errors.js";
import type { DriveContext } from "../../pipeline/sweeps/drive-sweep.js";
import { planSweep, type SweepPlan } from "../../pipeline/sweeps/plan-sweep.js";
import { setsOf } from "../../pipeline/sweeps/planned-trial.js";
import { type RunnerUp, runnerUp } from "../../pipeline/sweeps/runner-up.js";
import { bestOf, isLive, type TrialRow } from "../../pipeline/sweeps/standing.js";
import { type SweepFlags, sweepSettings } from "../../pipeline/sweeps/sweep-settings.js";
import { applyChanges } from "../../recipes/apply-changes.js";
import { interruptible } from "../interruptible.js";
import { type Io, isInteractive, writeJson } from "../io.js";
import type { CommandContext } from "../program.js";
import { type progressLines, progressText } from "../progress-lines.js";
import { setsWithTarget } from "../render.js";
import { bestLines, sweepNotes, sweepTable } from "../views/sweep-table.js";

interface Flags extends SweepFlags {
  set?: string[];
  on?: string;
  retry?: boolean;
  apply?: boolean;
  dryRun?: boolean;
  ignoreFit?: boolean;
  ignoreBudget?: boolean;
  json?: boolean;
}

/** Throws FtError sweep.nothing-trained when no trial has a result, and as planSweep and driveSweep do. */
export async function sweepCommand(
  { io, exit }: CommandContext,
  file: string | undefined,
  flags: Flags,
): Promise<void> {
  const settings = sweepSettings(file, flags, io.cwd);
  const plan = await planSweep(settings, { cwd: io.cwd, env: io.env, sets: setsWithTarget(flags) });
  const { ignoreFit = false, ignoreBudget = false, retry = false } = flags;
  if (flags.dryRun)
    return (await import("./dry-run.js")).dryRun(io, plan, { ignoreFit, ignoreBudget, json: flags.json });
  const { driveSweep } = await import("../../pipeline/sweeps/drive-sweep.js");
  const { openProject } = await import("../../pipeline/open-project.js");
  const view = await sweepView(io, plan);
  const goesOn = "repeat the command: what is trained is not trained again";
  const driven = await interruptible(
    (signal) =>
      driveSweep(
        plan,
        {
          ...{ env: io.env, signal, now: io.now, random: Math.random },
          openStore: () => openProject(plan.projectDir),
          ...view,
        },
        { retry, ignoreFit, ignoreBudget, concurrency: settings.concurrency },
      ),
    goesOn,
  ).finally(view.end);
  const { rows } = driven;
  const shown = { ...plan, trials: rows };
  const best = bestOf(rows, plan.metric.goal);
  const second = runnerUp(plan.projectDir, rows, plan.metric);
  const json = { sweep: sweepJson(plan, rows, second) };
  if (driven.end === "left") {
    const live = rows.filter(isLive).map(({ run }) => run);
    const still = live.length === 0 ? "no trial is running" : `these go on: ${live.join(", ")} (ft runs watch|cancel)`;
    io.err.write(`\n${still}\n  go on with the sweep: ${goesOn}\n`);
    if (flags.json) writeJson(io, { ok: true, detached: true, ...json });
    return exit(exitCodes.interrupted.code);
  }
  if (best === null) throw nothingTrained(plan, rows);
  if (flags.apply) applyChanges(resolve(io.cwd, plan.recipe), setsOf(best.values, null));
  if (flags.json) return writeJson(io, { ok: true, ...json });
  io.out.write(`${[...sweepTable(shown), "", ...sweepNotes(shown), ...bestLines(shown, second)].join("\n")}\n`);
  io.err.write(
    flags.apply
      ? `${plan.recipe} has its values now\n`
      : `write its values into ${plan.recipe}: the same command with --apply\n`,
  );
}

type View = Pick<DriveContext, "onRows" | "onProgress" | "onNotice"> & { end(): void };

/** A table that redraws itself for a person, lines elsewhere. Each notice is said once, though every trial may give it. */
async function sweepView(io: Io, plan: SweepPlan): Promise<View> {
  const said = new Set<string>();
  const once = (say: (text: string) => void) => (text: string) => {
    if (said.has(text)) return;
    said.add(text);
    say(text);
  };
  if (isInteractive(io)) {
    const { sweepScreen } = await import("../views/sweep-ink.js");
    const screen = sweepScreen(process.stderr, plan);
    return {
      onRows: (rows) => {
        screen.rows(rows);
        if (!rows.some(({ state }) => state === "starting")) screen.progress(null);
      },
      onProgress: (progress) => screen.progress(progressText(progress)),
      onNotice: once(screen.note),
      end: screen.end,
    };
  }
  const { sweepLines } = await import("../views/sweep-lines.js");
  const linesOf = sweepLines(plan.metric);
  const say = (line: string) => io.err.write(`${line}\n`);
  const progress = await onceEachPhase(io);
  return {
    onRows: (rows) => linesOf(rows, io.now()).forEach(say),
    onProgress: progress.report,
    onNotice: once((text) => say(`note: ${text}`)),
    end: progress.end,
  };
}

/** What the first trial waited for, the others only do again. */
async function onceEachPhase(io: Io): Promise<ReturnType<typeof progressLines>> {
  const lines = (await import("../progress-lines.js")).progressLines(io);
  const seen = new Set<string>();
  let current = "";
  return {
    report: (progress) => {
      if (progress.label !== current && seen.has(progress.label)) return;
      current = progress.label;
      seen.add(current);
      lines.report(progress);
    },
    end: lines.end,
  };
}

export function sweepJson(
  { id, recipe, method, metric, rungs }: Pick<SweepPlan, "id" | "recipe" | "method" | "metric" | "rungs">,
  trials: readonly TrialRow[],
  second: RunnerUp | null,
): Record<string, unknown> {
  return { id, recipe, method, metric, rungs, best: bestOf(trials, metric.goal), runnerUp: second, trials };
}

/** Every trial has its reason; the exit code is that of most of them. */
function nothingTrained(plan: SweepPlan, rows: readonly TrialRow[]): FtError {
  const problems = rows.map((row) => ({
    message: `trial ${row.number}: ${row.state}${row.reason ? `: ${row.reason}` : ""}`,
  }));
  return new FtError({
    code: "sweep.nothing-trained",
    exit: rows.every(({ state }) => state === "refused") ? "fit" : "training",
    message: `no trial of sweep ${plan.id} has a result`,
    problems: problems.slice(0, 20),
    next: "mend what the trials say and repeat; --retry goes on with those that failed",
  });
}
