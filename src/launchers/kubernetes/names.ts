// What an attempt's objects are called and labelled, and all that they are made of.
import type { KubernetesTarget } from "../../recipes/schema/targets/kubernetes.js";
import type { Job } from "../../runs/job.js";

export interface PodInput {
  job: Pick<Job, "id" | "limits" | "gpus">;
  attempt: number;
  /** Of trainer/run.py, but `--secrets`. */
  args: string[];
  target: KubernetesTarget;
  /** Secret whose keys the run gets; null: none. Its values never come near a manifest but its own. */
  secret: string | null;
}

/** On a trainer's objects, so that they are found whoever made them. */
export function labelsOf(run: string, attempt: number): Record<string, string> {
  return { ...ownLabel, "ft.run": run, "ft.attempt": String(attempt) };
}

export const ownLabel = { "app.kubernetes.io/managed-by": "ft" };

/** As `kubectl --selector` takes it; without an attempt: of all. */
export function selectorOf(run: string, attempt?: number): string {
  return `ft.run=${run}${attempt === undefined ? "" : `,ft.attempt=${attempt}`}`;
}

/** On the claim, as its pods see it. */
export function runFolder({ dir }: KubernetesTarget, run: string): string {
  return `${dir}/runs/${run}`;
}
