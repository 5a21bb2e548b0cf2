// An attempt as a SkyPilot task, a pure function. SkyPilot finds the machine, and another one when it is taken away; ft provisions nothing.
import type { SkypilotTarget } from "../../recipes/schema/targets/skypilot.js";
import type { Job } from "../../runs/job.js";
import { attemptName } from "../attempt-name.js";
import { resumeMe } from "../exit-codes.js";
import { hardDeadlineSeconds } from "../hard-deadline.js";
import { farSecretsFile, hideSecrets } from "../secret-script.js";

export interface TaskInput {
  job: Pick<Job, "id" | "limits" | "gpus">;
  /** The job folder, whose copy each machine gets. */
  dir: string;
  attempt: number;
  resume: boolean;
  target: SkypilotTarget;
  /** Names of the secrets; the values go to `sky jobs launch --secret NAME` by the environment, and stand in no file of ours. */
  secrets: string[];
  /** Folder of a base that the machine cannot fetch; null: it fetches it. */
  base: string | null;
}

/** The bucket is mounted here. */
const storeMount = "/ft-store";
/** Beside the job folder's copy, not in it: SkyPilot copies the base there. */
const baseMount = "~/ft-base";
/** How often the mirror looks, s: so long a cancellation may stay unseen, and so much of the events a lost machine may take along. */
const everySeconds = 10;

/** What the task's YAML says. */
export function renderTask(input: TaskInput): object {
  const { job, dir, attempt, target, secrets, base } = input;
  const { env } = target;
  return {
    name: attemptName(job.id, attempt),
    workdir: dir,
    ...(target.nodes > 1 && { num_nodes: target.nodes }),
    resources: resources(input),
    file_mounts: {
      [storeMount]: { source: target.bucket, mode: "MOUNT" },
      ...(base !== null && { [baseMount]: base }),
    },
    ...(Object.keys(env).length > 0 && { envs: env }),
    ...(secrets.length > 0 && { secrets: Object.fromEntries(secrets.map((name) => [name, null])) }),
    run: runScript(input),
  };
}

function resources({ target, job }: TaskInput): object {
  const choices = placesAndGpus(target, Math.ceil(job.gpus / target.nodes));
  return {
    ...(choices.length === 1 ? choices[0] : { any_of: choices }),
    ...(target.instance_type && { instance_type: target.instance_type }),
    ...(target.cpus && { cpus: target.cpus }),
    ...(target.memory_gb && { memory: target.memory_gb }),
    disk_size: target.disk_gb,
    use_spot: target.spot,
    ...(target.image && { image_id: target.image }),
    job_recovery: {
      strategy: target.strategy,
      max_restarts_on_errors: target.restarts_on_errors,
      recover_on_exit_codes: [resumeMe],
    },
  };
}

/** Each place with each GPU: SkyPilot takes the cheapest that can be had (it refuses a list of GPUs beside a list of places). */
function placesAndGpus({ infra, gpu }: SkypilotTarget, gpus: number): object[] {
  const places = infra === undefined ? [{}] : [infra].flat().map((one) => ({ infra: one }));
  const accelerators =
    gpu === undefined || gpus === 0 ? [{}] : [gpu].flat().map((one) => ({ accelerators: `${one}:${gpus}` }));
  return places.flatMap((place) => accelerators.map((accelerator) => ({ ...place, ...accelerator })));
}

/** Nothing in it comes from data but the run's id, which ft makes itself, and names that are checked to be variables. */
function runScript({ job, attempt, resume, target, secrets, base }: TaskInput): string {
  const grace = job.limits?.graceSeconds ?? 300;
  const deadline = hardDeadlineSeconds(job, target.max_hours);
  const supervisor = ["--attempt", attempt, ...(resume ? ["--resume"] : []), "--platform-restarts", "--prepare"];
  const secretArgs = secrets.length > 0 ? [`--secrets "${farSecretsFile}"`] : [];
  return `${[
    ...(target.nodes > 1 ? rendezvous : []),
    // SkyPilot hands them over as variables; from here on they stand in a file that only this user reads, and in no step's environment.
    ...(secrets.length > 0 ? [hideSecrets(secrets), `unset ${secrets.join(" ")}`] : []),
    ...(base === null ? [] : [`ln -sfn ${baseMount} model`]),
    "export PYTHONPATH=trainer",
    "# 124 when the time is up, which is no code to recover on: so a machine that hangs is given back.",
    `exec timeout --signal=TERM --kill-after=${grace} ${deadline} \\`,
    `  python3 -m ft_trainer.mirror --store ${storeMount}/${job.id} --attempt ${attempt} --every ${everySeconds} -- \\`,
    `  ${[...supervisor, "--echo-events", ...secretArgs].join(" ")}`,
  ].join("\n")}\n`;
}

const rendezvous = [
  'export MASTER_ADDR="$(echo "$SKYPILOT_NODE_IPS" | head -n 1)" MASTER_PORT=29500',
  'export FT_NODES="$SKYPILOT_NUM_NODES" FT_NODE_RANK="$SKYPILOT_NODE_RANK"',
];
