// An attempt as a job of the Hub, a pure function. The job always has a timeout: without one the Hub ends it after half an hour.
import type { HfJobsTarget } from "../../recipes/schema/targets/hf-jobs.js";
import type { Job } from "../../runs/job.js";
import { hardDeadlineSeconds } from "../hard-deadline.js";
import { farSecretsFile, hideSecrets } from "../secret-script.js";

/** The client of the Hub in the job, as the engines' locks have it. */
const hubClient = "huggingface_hub==2.4.0";
/** The mirror makes commits and asks for a cancellation so often, s. */
const everySeconds = 30;

export interface JobInput {
  job: Pick<Job, "id" | "limits">;
  attempt: number;
  resume: boolean;
  target: HfJobsTarget;
  /** Names of the secrets; HF_TOKEN is always among them, as the job reads and writes its repository. */
  secrets: string[];
}

export interface JobSpec {
  dockerImage: string;
  command: string[];
  environment: Record<string, string>;
  flavor: string;
  timeoutSeconds: number;
  labels: Record<string, string>;
}

function labelsOf(run: string, attempt: number): Record<string, string> {
  return { "ft-run": run, "ft-attempt": String(attempt) };
}

export function repoOf({ namespace, repo }: HfJobsTarget): string {
  return `${namespace}/${repo}`;
}

export function renderJob(input: JobInput): JobSpec {
  const { job, attempt, target } = input;
  const timeoutSeconds = hardDeadlineSeconds(job, target.max_hours);
  return {
    dockerImage: target.image,
    flavor: target.flavor,
    command: ["sh", "-c", script(input, timeoutSeconds)],
    environment: { ...target.env, FT_REPO: repoOf(target), FT_RUN: job.id },
    timeoutSeconds,
    labels: labelsOf(job.id, attempt),
  };
}

/** Fetches the trainer alone; the mirror then fetches the rest of the run folder. */
const fetchTrainer = `import os; from huggingface_hub import snapshot_download; run = os.environ["FT_RUN"]; snapshot_download(os.environ["FT_REPO"], repo_type="dataset", allow_patterns=run + "/trainer/**", local_dir=os.environ["FT_JOBS"])`;

/** The supervisor is asked to end, and has its grace, before the Hub takes the machine. */
function script({ job, attempt, resume, secrets }: JobInput, timeoutSeconds: number): string {
  const grace = job.limits?.graceSeconds ?? 300;
  const deadline = Math.max(60, timeoutSeconds - grace - 60);
  const supervisor = ["--attempt", attempt, ...(resume ? ["--resume"] : []), "--platform-restarts", "--prepare"];
  return [
    "set -e",
    hideSecrets(secrets),
    `python3 -c 'import huggingface_hub' 2>/dev/null || python3 -m pip install -q '${hubClient}' || uv pip install -q --system --break-system-packages '${hubClient}'`,
    'export FT_JOBS="$HOME/ft-jobs" PYTHONPATH=trainer',
    'mkdir -p "$FT_JOBS"',
    `python3 -c '${fetchTrainer}'`,
    'cd "$FT_JOBS/$FT_RUN"',
    `exec timeout --signal=TERM --kill-after=${grace} ${deadline} \\`,
    `  python3 -m ft_trainer.mirror --store "hub:$FT_REPO/$FT_RUN" --attempt ${attempt} --every ${everySeconds} -- \\`,
    `  ${supervisor.join(" ")} --echo-events --secrets "${farSecretsFile}"`,
  ].join("\n");
}
