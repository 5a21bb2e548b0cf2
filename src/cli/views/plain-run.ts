// A run as plain lines, for pipes and CI: a line for each change that matters, not for each step.
import { initialProgress, percentDone, type RunProgress, reduceProgress } from "../../runs/progress.js";
import type { RunUpdate } from "../../runs/update.js";
import type { WatchedRun } from "../watch-run.js";
import { duration, learningRateText, lossText } from "./format.js";
import { oneLine } from "./one-line.js";

/** Between two lines about the same phase at least 5 s; in a long run a hundredth of what is left, but never a silent minute. */
const quiet = { leastMs: 5_000, mostMs: 60_000, share: 0.01 };

/** Returns a function that takes updates and gives back the lines to print, often none. Times are local. */
export function plainLines(run: WatchedRun): (update: RunUpdate) => string[] {
  let progress = initialProgress(run);
  let told = { percent: -1, at: Number.NEGATIVE_INFINITY };
  return (update) => {
    const before = progress;
    progress = reduceProgress(progress, update);
    if (update.type === "log") return [];
    if (update.type === "silence") return [silenceLine(update)];
    if (update.type === "state" && update.waiting) return [line(progress.at, [update.state, update.waiting])];
    if (update.type === "state") return before.state === progress.state ? [] : stateLines(before, progress);
    const { event } = update;
    switch (event.kind) {
      case "phase": {
        if (before.phase === progress.phase && before.detail === progress.detail) return [];
        told = { percent: -1, at: Number.NEGATIVE_INFINITY };
        return [line(event.t, [event.phase, event.detail])];
      }
      case "checkpoint":
        return [line(event.t, ["checkpoint", `step ${event.step}`, event.path])];
      case "warning":
        return before.warnings.some(({ message }) => message === event.message)
          ? []
          : [line(event.t, ["warning", event.message])];
      case "error":
        return [line(event.t, ["error", event.message]), ...(event.hint ? [line(event.t, ["hint", event.hint])] : [])];
      case "metric":
      case "progress": {
        if (before.step === progress.step && before.evaluated === progress.evaluated) return [];
        const percent = percentDone(progress) ?? 0;
        const isQuiet = event.t - told.at < quietMs(progress);
        if (isQuiet && Math.floor(percent / 10) === Math.floor(told.percent / 10)) return [];
        told = { percent, at: event.t };
        return [line(event.t, event.kind === "metric" ? stepFacts(progress) : evaluationFacts(progress))];
      }
      default:
        return [];
    }
  };
}

function quietMs({ etaMs }: RunProgress): number {
  return Math.min(quiet.mostMs, Math.max(quiet.leastMs, (etaMs ?? 0) * quiet.share));
}

/** That a run goes on, its phases say. Why it failed, unless an event has said so already. */
function stateLines(before: RunProgress, { state, failure, at }: RunProgress): string[] {
  if (state === "queued" || state === "preparing" || state === "running") return [];
  return [line(at, [state, failure && !before.failure ? failure.message : null])];
}

/** Without it a link that is cut looks like a trainer that has nothing to say. */
function silenceLine({ target, since, at, why }: Extract<RunUpdate, { type: "silence" }>): string {
  if (since === null) return line(at, [`${target} answers again`]);
  return line(at, [`no news from ${target} since ${clock(since)}${why ? ` (${why})` : ""}; the run goes on there`]);
}

function stepFacts(progress: RunProgress): (string | null)[] {
  const { step, totalSteps, losses, learningRate, tokensPerSecond } = progress;
  const loss = losses.isBroken ? "not a number" : losses.last === null ? null : lossText(losses.last);
  return [
    "training",
    totalSteps ? `step ${step}/${totalSteps}${share(progress)}` : `step ${step}`,
    loss === null ? null : `loss ${loss}`,
    learningRate === null ? null : `lr ${learningRateText(learningRate)}`,
    tokensPerSecond === null ? null : `${Math.round(tokensPerSecond)} tok/s`,
    eta(progress),
  ];
}

function evaluationFacts(progress: RunProgress): (string | null)[] {
  const { done, total } = progress.evaluated!;
  return ["evaluating", progress.detail, `${total ? `${done}/${total}` : done} rows${share(progress)}`, eta(progress)];
}

function share(progress: RunProgress): string {
  const percent = percentDone(progress);
  return percent === null ? "" : ` (${Math.floor(percent)}%)`;
}

function eta({ etaMs }: RunProgress): string | null {
  return etaMs ? `eta ${duration(etaMs)}` : null;
}

function line(t: number | null, facts: (string | null | undefined)[]): string {
  const time = t === null ? "--:--:--" : clock(t);
  return `${time} ${oneLine(facts.filter(Boolean).join(" "))}`;
}

function clock(t: number): string {
  return new Date(t).toTimeString().slice(0, 8);
}
