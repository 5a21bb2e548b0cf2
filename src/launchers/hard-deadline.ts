// The far side's hard deadline: when the platform itself ends an attempt, so that a supervisor that hangs does not bill for ever.
import type { Job } from "../runs/job.js";

/** For making the environment, fetching the base and uploading: the budget of a run counts its supervisor's seconds alone. */
const preparationSeconds = 3600;

/** Seconds. The supervisor holds the run to its budget and saves a checkpoint first; this comes after it, if that fails. */
export function hardDeadlineSeconds({ limits }: Pick<Job, "limits">, maxHours: number): number {
  const most = Math.ceil(maxHours * 3600);
  if (limits?.seconds == null) return most;
  return Math.min(most, Math.ceil(limits.seconds + limits.graceSeconds) + preparationSeconds);
}
