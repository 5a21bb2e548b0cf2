// `ft ci` as a command: runs the night with what a person or a CI server sees of it, writes the reports, ends with the code that belongs to it.
import { basename, extname, resolve } from "node:path";
import { exitCodes } from "../../errors.js";
import { cancelRun } from "../../pipeline/cancel-run.js";
import { type Night, newNight } from "../../pipeline/ci/night.js";
import { runNight } from "../../pipeline/ci/run-night.js";
import type { TrainContext } from "../../pipeline/ci/train.js";
import { followRun } from "../../pipeline/follow.js";
import { openProject } from "../../pipeline/open-project.js";
import { type LoadedRecipe, loadRecipe } from "../../recipes/load.js";
import type { CiFlags } from "../ci.js";
import { refuseReports } from "../data/report-file.js";
import { interruptible } from "../interruptible.js";
import type { Io } from "../io.js";
import type { CommandContext } from "../program.js";
import { progressLines } from "../progress-lines.js";
import { setsWithTarget } from "../render.js";
import { estimateLine } from "../views/plan-time.js";
import { watchRun } from "../watch-run.js";
import { nightJson } from "./night-json.js";
import { isStepSummary, presentNight } from "./present-night.js";

/** Throws what the night failed with, after its reports are written; ci.running (exit busy); usage.* */
export async function ciCommand(
  { io, exit, detailFailure }: CommandContext,
  recipe: string | undefined,
  flags: CiFlags,
): Promise<void> {
  const file = resolve(io.cwd, recipe ?? "ft.yaml");
  await refuseReports(
    io,
    [
      { kind: "junit", flag: "ft ci --junit", file: flags.junit },
      { kind: "html", flag: "ft ci --html", file: flags.html },
      { kind: "summary", flag: "ft ci --summary", file: isStepSummary(io, flags.summary) ? undefined : flags.summary },
    ],
    [file],
  );
  const loaded = loadOrFailure(() =>
    loadRecipe(recipe ?? "ft.yaml", { cwd: io.cwd, env: io.env, sets: setsWithTarget(flags) }),
  );
  const night = "failure" in loaded ? unreadNight(io, file, loaded.failure) : await nightOf(io, loaded, flags);
  await presentNight(io, night, flags);
  if (night.outcome === "failed") {
    detailFailure(nightJson(night));
    throw night.failure;
  }
  const code = endOf(night, flags);
  if (code !== exitCodes.ok.code) exit(code);
}

function loadOrFailure(load: () => LoadedRecipe): LoadedRecipe | { failure: unknown } {
  try {
    return load();
  } catch (failure) {
    return { failure };
  }
}

/** A recipe that cannot be read is a night that failed as any other, with its reports; what it is called is in the recipe, so the file names it. */
function unreadNight(io: Io, file: string, failure: unknown): Night {
  const night = newNight({ name: basename(file, extname(file)), recipe: file, startedAt: io.now() });
  return { ...night, outcome: "failed", failure, summary: (failure as Error).message };
}

function nightOf(io: Io, loaded: LoadedRecipe, flags: CiFlags): Promise<Night> {
  const progress = progressLines(io);
  return interruptible((signal) =>
    runNight(loaded, trainContext(io, loaded, { signal, progress }), { acceptFirst: flags.acceptFirst ?? false }),
  ).finally(progress.end);
}

function endOf({ outcome, hub }: Night, { exitCode }: CiFlags): number {
  if (outcome === "kept" || outcome === "held") return exitCodes.gate.code;
  const isIdle = outcome === "unchanged" && !hub?.isNew;
  return isIdle && exitCode ? exitCodes.unchanged.code : exitCodes.ok.code;
}

function trainContext(
  io: Io,
  { dir }: LoadedRecipe,
  { signal, progress }: { signal: AbortSignal; progress: ReturnType<typeof progressLines> },
): TrainContext {
  const onNotice = (text: string): void => io.err.write(`${io.err.isTTY ? "\r\x1b[2K" : ""}note: ${text}\n`);
  return {
    env: io.env,
    signal,
    onProgress: progress.report,
    onNotice,
    openStore: () => openProject(dir),
    now: io.now,
    random: Math.random,
    onEstimate: (estimate) => onNotice(`the run takes ${estimateLine(estimate)}`),
    watch: async (store, run) => {
      progress.end(); // the run has a view of its own
      const leave = new AbortController();
      const { id } = run;
      const updates = followRun(id, { store, projectDir: dir, now: io.now, signal: leave.signal });
      const stop = async () => void (await cancelRun(store, dir, id, { now: io.now, onNotice: () => {} }));
      const end = await watchRun(io, run, updates, { stop, leave: () => leave.abort() }).finally(() => leave.abort());
      return end === "detached" || end === "interrupted" ? "left" : "ended";
    },
  };
}
