// A run as plain lines, for pipes and CI: a line for each change that matters, not for each step.
import { initialProgress, type RunProgress, reduceProgress } from "../../runs/progress.js";
import type { RunUpdate } from "../../runs/update.js";
import { duration, lossText, percent } from "./format.js";

const quietMs = 5_000;

/** Returns a function that takes updates and gives back the lines to print, often none. */
export function plainLines(run: { id: string; name: string }): (update: RunUpdate) => string[] {
  let progress = initialProgress(run);
  let lastStepAt = Number.NEGATIVE_INFINITY;
  let lastTenth = -1;
  return (update) => {
    const before = progress;
    progress = reduceProgress(progress, update);
    if (update.type === "log") return [];
    if (update.type === "state") {
      const reason = update.reason && !before.failure ? `: ${update.reason}` : "";
      return before.state === progress.state ? [] : [line(progress.at, `${progress.state}${reason}`)];
    }
    const { event } = update;
    switch (event.kind) {
      case "phase":
        return before.phase === progress.phase ? [] : [line(event.t, event.phase)];
      case "checkpoint":
        return [line(event.t, `checkpoint at step ${event.step}`)];
      case "warning":
        return [line(event.t, `warning: ${event.message}`)];
      case "error":
        return [line(event.t, `error: ${event.message}`), ...(event.hint ? [`         ${event.hint}`] : [])];
      case "metric":
      case "progress": {
        if (event.kind === "metric" && !isShown(event.values)) return [];
        const tenth = tenthDone(progress);
        if (tenth === lastTenth && event.t - lastStepAt < quietMs) return [];
        lastTenth = tenth;
        lastStepAt = event.t;
        return [line(event.t, event.kind === "metric" ? stepText(progress) : evaluationText(progress))];
      }
      default:
        return [];
    }
  };
}

/** The summary after the last step, for one, repeats the step without a loss. */
function isShown({ loss, eval_loss: evalLoss }: Record<string, number | null>): boolean {
  return typeof loss === "number" || typeof evalLoss === "number";
}

function tenthDone({ phase, step, totalSteps, evaluated }: RunProgress): number {
  if (phase === "evaluating") return evaluated?.total ? 100 + Math.floor((10 * evaluated.done) / evaluated.total) : 100;
  return totalSteps ? Math.floor((10 * step) / totalSteps) : 0;
}

function stepText({ step, totalSteps, losses, evalLoss, learningRate, tokensPerSecond, etaMs }: RunProgress): string {
  const loss = losses.at(-1)?.loss;
  return [
    totalSteps ? `step ${step}/${totalSteps} (${percent(step, totalSteps)})` : `step ${step}`,
    loss !== undefined ? `loss ${lossText(loss)}` : "",
    evalLoss !== null ? `held-out loss ${lossText(evalLoss)}` : "",
    learningRate !== null ? `lr ${learningRate.toExponential(1)}` : "",
    tokensPerSecond !== null ? `${Math.round(tokensPerSecond)} tokens/s` : "",
    etaMs !== null && totalSteps !== step ? `${duration(etaMs)} left` : "",
  ]
    .filter(Boolean)
    .join("  ");
}

function evaluationText({ evaluated }: RunProgress): string {
  const { done, total } = evaluated!;
  return total ? `evaluated ${done}/${total} (${percent(done, total)})` : `evaluated ${done}`;
}

function line(t: number | null, text: string): string {
  const time = t === null ? "        " : new Date(t).toTimeString().slice(0, 8);
  return `${time} ${text}`;
}
