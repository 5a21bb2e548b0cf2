// What an attempt's objects are called and labelled, and where its files lie on the claim.
import type { KubernetesTarget } from "../../recipes/schema/targets/kubernetes.js";
import type { Job } from "../../runs/job.js";
import { attemptName } from "../attempt-name.js";

/** All that the objects of an attempt are made of. */
export interface PodInput {
  job: Pick<Job, "id" | "limits">;
  attempt: number;
  resume: boolean;
  /** Of each node; 0: it trains on the CPU. */
  gpus: number;
  target: KubernetesTarget;
  /** Whether there is a token for the Hub, which ft then makes a Secret of. Its value never comes near a manifest. */
  hasToken: boolean;
}

/** On a trainer's objects, so that they are found whoever made them. */
export function labelsOf(run: string, attempt: number): Record<string, string> {
  return { "app.kubernetes.io/managed-by": "ft", "ft.run": run, "ft.attempt": String(attempt) };
}

/** The claim is mounted here: run folders and caches. */
export const claimMount = "/ft";

/** As its pods see it. */
export function runFolder(run: string): string {
  return `${claimMount}/runs/${run}`;
}

/** The Secret that the pod mounts: the person's own, else one for this attempt; null: there is no token. */
export function tokenSecret({ job, attempt, target, hasToken }: PodInput): string | null {
  return target.token_secret ?? (hasToken ? attemptName(job.id, attempt) : null);
}
