// How a run that did not succeed ended, as the failure that a command shows.
import { FtError } from "../errors.js";
import type { FailureClass } from "../runs/events.js";
import type { Run } from "../runs/run-store.js";

/** @returns FtError train.* (training), run.cancelled and run.budget (interrupted), run.lost (environment) */
export function runEnding({ id, state, failure, step }: Run): FtError {
  if (state === "cancelled") {
    const isBudget = failure?.class === "budget";
    return new FtError({
      code: isBudget ? "run.budget" : "run.cancelled",
      exit: "interrupted",
      message: `run ${id} was stopped${step === null ? "" : ` at step ${step}`}`,
      ...(isBudget ? { why: failure.message } : {}),
      next: `go on from its checkpoint: ft runs resume ${id}${isBudget ? " --ignore-budget" : ""}`,
    });
  }
  if (state === "lost") {
    return new FtError({
      code: "run.lost",
      exit: "environment",
      message: `run ${id} is lost: its launcher no longer knows it`,
      next: `ft runs resume ${id} goes on from its last checkpoint`,
    });
  }
  return new FtError({
    code: `train.${failure?.class ?? "failed"}`,
    exit: "training",
    message: `run ${id} failed: ${failure?.message ?? "the trainer did not say why"}`,
    ...(failure?.hint ? { why: failure.hint } : {}),
    next: `ft runs logs ${id} shows what it printed; ${repeating.includes(failure?.class ?? "") ? "then mend it and ft run" : `ft runs resume ${id} goes on from the last checkpoint`}`,
  });
}

/** Failures that a resumed run, with the same recipe and data, only comes to again. */
export const repeating: string[] = ["data", "nan-loss", "nothing-learnt"] satisfies FailureClass[];
