// A managed job's status as ft's liveness, pure.
import { visibleLine } from "../../report/visible.js";
import type { Observation } from "../contract.js";
import { isOutOfTime } from "../exit-codes.js";
import type { SkyJob } from "./sky.js";

const running = ["RUNNING", "WINDING_DOWN", "CANCELLING"];
const over = /^(SUCCEEDED|CANCELLED|FAILED.*)$/;

/** Null: SkyPilot does not know of it. */
export function stateOf(job: SkyJob | null): Pick<Observation, "liveness" | "reason" | "limit"> {
  if (job === null) return { liveness: "gone" };
  const status = job.status ?? "PENDING";
  if (running.includes(status)) return { liveness: "running" };
  const words = [status, job.failure_reason || job.details].filter(Boolean).join(": ");
  return {
    liveness: over.test(status) ? "ended" : "queued",
    ...(status !== "SUCCEEDED" && { reason: visibleLine(words.slice(0, 500)) }),
    ...(isOutOfTime(words) && { limit: "max_hours" }),
  };
}

export function isOver(job: SkyJob | null): boolean {
  return job === null || over.test(job.status ?? "");
}

/** Of jobs with the same name, which SkyPilot allows: the one that is not over, else the newest. */
export function pickJob(jobs: readonly SkyJob[], name: string): SkyJob | null {
  const named = jobs.filter(({ job_name }) => job_name === name).sort((one, other) => one.job_id - other.job_id);
  return named.find((job) => !isOver(job)) ?? named.at(-1) ?? null;
}
