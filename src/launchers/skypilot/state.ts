// A managed job's status as ft's liveness, pure.
import { visibleLine } from "../../report/visible.js";
import type { Ending, Observation } from "../contract.js";
import { isOutOfTime } from "../exit-codes.js";
import type { SkyJob } from "./sky.js";

type State = Pick<Observation, "liveness" | "reason" | "limit" | "ending">;

const running = ["RUNNING", "WINDING_DOWN", "CANCELLING"];
const over = /^(SUCCEEDED|CANCELLED|FAILED.*)$/;

/** Null: SkyPilot does not know of it. */
export function stateOf(job: SkyJob | null): State {
  if (job === null) {
    const reason = "SkyPilot does not list its job any more";
    return { liveness: "gone", reason, ending: { class: "unknown", message: reason, hint: null } };
  }
  const status = job.status ?? "PENDING";
  if (running.includes(status)) return { liveness: "running" };
  const reason = visibleLine([status, job.failure_reason || job.details].filter(Boolean).join(": ").slice(0, 500));
  if (!over.test(status)) return { liveness: "queued", reason };
  if (status === "SUCCEEDED") return { liveness: "ended" };
  return {
    ...{ liveness: "ended", reason, ending: endingOf(status, reason, job.job_id) },
    ...(isOutOfTime(reason) && { limit: "max_hours" }),
  };
}

/** A controller stops when nothing is left to do, so the job is over; how it ended the controller would have to be started to say. */
export function stateWithoutController(job: number): State {
  const reason = "SkyPilot's controller has stopped, or is gone, so no job is left";
  const hint = `\`sky jobs queue --refresh\` starts it again, and says how job ${job} ended`;
  return { liveness: "gone", reason, ending: { class: "unknown", message: reason, hint } };
}

/** What a person does about a job that did not end well, where the trainer itself said nothing. */
function endingOf(status: string, message: string, job: number): Ending {
  const hint = hints[status] ?? `\`sky jobs logs --controller ${job}\` says more`;
  const isKilled = status === "CANCELLED" || /\bexit codes?\W+(\d+, ?)*137\b/i.test(message);
  return { class: isKilled ? "killed" : "unknown", message, hint };
}

const hints: Record<string, string> = {
  CANCELLED: "someone cancelled it in SkyPilot (`sky jobs cancel`)",
  FAILED_NO_RESOURCE:
    "no place has such a machine now: name more kinds in the target's `gpu`, more places in `infra`, or `spot: false`",
  FAILED_PRECHECKS: "SkyPilot cannot start it as the target says it: `sky check` shows the clouds that it may use",
};

export function isOver(job: SkyJob | null): boolean {
  return job === null || over.test(job.status ?? "");
}

/** Of jobs with the same name, which SkyPilot allows: the one that is not over, else the newest. */
export function pickJob(jobs: readonly SkyJob[], name: string): SkyJob | null {
  const named = jobs.filter(({ job_name }) => job_name === name).sort((one, other) => one.job_id - other.job_id);
  return named.find((job) => !isOver(job)) ?? named.at(-1) ?? null;
}
