// An attempt as a SkyPilot task, a pure function. SkyPilot finds the machine, and another one when it is taken away; ft provisions nothing.
import type { SkypilotTarget } from "../../recipes/schema/targets/skypilot.js";
import type { Job } from "../../runs/job.js";
import { attemptName } from "../attempt-name.js";
import { resumeMe } from "../exit-codes.js";
import { hardDeadlineSeconds } from "../hard-deadline.js";

export interface TaskInput {
  job: Pick<Job, "id" | "limits">;
  /** The job folder, whose copy each machine gets. */
  dir: string;
  attempt: number;
  resume: boolean;
  /** Of each machine; 0: it trains on the CPU. */
  gpus: number;
  target: SkypilotTarget;
  /** Whether there is a token for the Hub: its name goes into the task, its value to `sky jobs launch --secret HF_TOKEN` by the environment. */
  hasToken: boolean;
}

/** The bucket is mounted here. */
const storeMount = "/ft-store";

/** What the task's YAML says. */
export function renderTask(input: TaskInput): object {
  const { job, dir, attempt, target, hasToken } = input;
  return {
    name: attemptName(job.id, attempt),
    workdir: dir,
    ...(target.nodes > 1 && { num_nodes: target.nodes }),
    resources: resources(input),
    file_mounts: { [storeMount]: { source: target.bucket, mode: "MOUNT" } },
    ...(hasToken && { secrets: { HF_TOKEN: null } }),
    run: runScript(input),
  };
}

function resources({ target, gpus }: TaskInput): object {
  const choices = placesAndGpus(target, gpus);
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

/** Nothing in it comes from data but the run's id, which ft makes itself. */
function runScript({ job, attempt, resume, target }: TaskInput): string {
  const grace = job.limits?.graceSeconds ?? 300;
  const deadline = hardDeadlineSeconds(job, target.max_hours);
  const supervisor = ["--attempt", attempt, ...(resume ? ["--resume"] : [])].join(" ");
  return `${[
    ...(target.nodes > 1 ? rendezvous : []),
    "export PYTHONPATH=trainer",
    "# 124 when the time is up, which is no code to recover on: so a machine that hangs is given back.",
    `exec timeout --signal=TERM --kill-after=${grace} ${deadline} \\`,
    `  python3 -m ft_trainer.mirror --store ${storeMount}/${job.id} --attempt ${attempt} -- \\`,
    `  ${supervisor} --platform-restarts --prepare --echo-events`,
  ].join("\n")}\n`;
}

const rendezvous = [
  'export MASTER_ADDR="$(echo "$SKYPILOT_NODE_IPS" | head -n 1)" MASTER_PORT=29500',
  'export FT_NODES="$SKYPILOT_NUM_NODES" FT_NODE_RANK="$SKYPILOT_NODE_RANK"',
];
