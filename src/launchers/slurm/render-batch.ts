// The batch script of a job and how sbatch is called: pure, so that a person can read it before anything is submitted.
import type { TargetOf } from "../../recipes/schema/targets.js";
import { quote } from "../hosts/quote.js";
import { containerCommand, pyxisOptions } from "./container.js";

export interface BatchJob {
  /** Of the Slurm job: how it is found again. */
  name: string;
  /** The job folder as the nodes see it. */
  dir: string;
  /** Runs trainer/run.py on the nodes; a container has its own. */
  python: string;
  /** Of trainer/run.py. */
  args: string[];
  /** Stands in the script: never secrets. */
  env: Record<string, string>;
  /** Folders outside the job folder that the trainer reads: the base, that of the secrets. */
  reads: string[];
  /** Over all nodes; 0: none are asked for. */
  gpus: number;
}

export type SlurmTarget = TargetOf<"slurm">;

/** The script's name in the job folder. */
export const batchFile = "slurm.sh";
const logFile = "stdout.log";

/**
 * What sbatch is called with. What ft relies on stands here and not in the script, as SBATCH_* variables overrule a script: --export above
 * all, without which the environment, tokens too, is copied into Slurm's spool. `singleton`: should a job be submitted twice after all, the
 * second waits for the first.
 */
export function sbatchArgs({ name, dir }: Pick<BatchJob, "name" | "dir">, target: SlurmTarget): string[] {
  return [
    ...submission(name, target),
    `--chdir=${dir}`,
    `--output=${logFile}`,
    "--dependency=singleton",
    `${dir}/${batchFile}`,
  ];
}

/** How long a task of an array waits for its run: more than the submission needs. */
const unnamedFor = "now+10minutes";

/** An array of so many tasks, the script on standard input. Its tasks wait until each has been given the name and folder of its run. */
export function arrayArgs(name: string, { tasks, atOnce }: { tasks: number; atOnce: number }, target: SlurmTarget) {
  return [
    ...submission(name, target),
    `--array=0-${tasks - 1}%${atOnce}`,
    "--chdir=/",
    "--output=/dev/null",
    `--begin=${unnamedFor}`,
  ];
}

/** What makes a waiting task of an array the job of an attempt, and lets it start: one call, so that no task is half of it. */
export function taskUpdate(task: string, { name, dir }: Pick<BatchJob, "name" | "dir">): string[] {
  const log = `${dir}/${logFile}`.replaceAll("%", "%%"); // Slurm puts numbers and names there
  return ["update", `JobId=${task}`, `JobName=${name}`, `WorkDir=${dir}`, `StdOut=${log}`, "StartTime=now"];
}

/** The array's script: that of the run in whose folder the task was put. One that an ft that died gave no run does nothing. */
export function renderArray(job: BatchJob, target: SlurmTarget): string {
  const options = directives(job, target).map((option) => `#SBATCH ${directive(option)}`);
  const bash = target.modules.length > 0 ? "bash -l" : "bash";
  return `${["#!/bin/bash", ...options].join("\n")}
[ -e ${batchFile} ] || exit 0
exec ${bash} ${batchFile}
`;
}

function submission(name: string, target: SlurmTarget): string[] {
  return [
    "--parsable",
    `--job-name=${name}`,
    "--open-mode=append",
    "--export=NONE",
    target.requeue ? "--requeue" : "--no-requeue",
    `--signal=B:USR1@${target.signal_seconds}`,
  ];
}

/** The script: resources, environment, the trainer with its signals passed on, and back into the queue when it was preempted. */
export function renderBatch(job: BatchJob, target: SlurmTarget): string {
  const shell = target.modules.length > 0 ? "#!/bin/bash -l" : "#!/bin/bash"; // `module` comes with the login shell
  const options = directives(job, target).map((option) => `#SBATCH ${directive(option)}`);
  const modules = target.modules.map((module) => `module load ${quote(module)} || exit`);
  const variables = Object.entries(job.env).map(([name, value]) => `export ${name}=${quote(value)}`);
  return `${[
    shell,
    `# Made by ft for ${job.name}. As a job of its own it is submitted by: sbatch ${sbatchArgs(job, target)
      .map(quote)
      .join(" ")
      .replaceAll(/[\r\n]/g, " ")}`,
    ...options,
    ...modules,
    ...variables,
    ...(target.nodes > 1 ? [meeting] : []),
  ].join("\n")}

# Slurm asks to stop before the time limit (USR1), at preemption and at scancel (both TERM): the trainer saves a checkpoint and exits 33.
trainer= asked= again=
stop() {
  asked=$1 again=1
  [ -z "$trainer" ] || kill -${signalOf(target)} "$trainer" 2>/dev/null
}
trap 'stop USR1' USR1
trap 'stop TERM' TERM

${trainerCommand(job, target).map(quote).join(" ")} &
trainer=$!
[ -z "$asked" ] || stop "$asked"
while :; do # a trap ends wait early; bash keeps the exit code for the next wait
  again=
  wait "$trainer"
  code=$?
  [ -n "$again" ] || break
done
${target.requeue ? requeue : ""}exit "$code"
`;
}

/** A job that a person ended stays ended. By the number of a task alone another would be meant too. 138 and 143: the signal met Python before it listened, so there is nothing to save. */
const requeue = `
job=$SLURM_JOB_ID
[ -z "$SLURM_ARRAY_JOB_ID" ] || job="$SLURM_ARRAY_JOB_ID"_"$SLURM_ARRAY_TASK_ID"
preempted() { scontrol show job "$job" | grep -q 'PreemptTime=[0-9]'; }
if [ ! -e cancel ]; then
  case "$asked $code" in
    " 33" | "USR1 33" | "USR1 138" | "USR1 143") scontrol requeue "$job" ;;
    "TERM 33" | "TERM 138" | "TERM 143") ! preempted || scontrol requeue "$job" ;;
  esac
fi
`;

/** Options of sbatch that say what the job needs. */
export function directives({ gpus }: BatchJob, target: SlurmTarget): string[] {
  const { nodes, gres } = target;
  const values = {
    partition: target.partition,
    account: target.account,
    qos: target.qos,
    nodes,
    "ntasks-per-node": 1,
    "gpus-per-node": gres === undefined && gpus > 0 ? gpus / nodes : undefined,
    gres,
    "cpus-per-task": target.cpus,
    mem: target.memory,
    time: target.time,
    constraint: target.constraint,
    exclude: target.exclude,
    reservation: target.reservation,
  };
  const given = Object.entries(values).filter(([, value]) => value !== undefined);
  return [...given.map(([key, value]) => `--${key}=${value}`), ...target.extra];
}

/** sbatch takes an unquoted # for a comment and splits at spaces; the schema lets no quotes in. */
function directive(option: string): string {
  return /[\s#]/.test(option) ? `"${option}"` : option;
}

/** srun kills its tasks at SIGTERM, and passes on SIGUSR1. */
function signalOf(target: SlurmTarget): "USR1" | "TERM" {
  return needsSrun(target) ? "USR1" : "TERM";
}

function needsSrun({ nodes, container }: SlurmTarget): boolean {
  return nodes > 1 || container?.kind === "pyxis";
}

function trainerCommand({ python, dir, args, ...job }: BatchJob, target: SlurmTarget): string[] {
  const { container, nodes, cpus } = target;
  const run = [container?.python ?? python, `${dir}/trainer/run.py`, ...args];
  const inside = { dir, ...job, variables: [...Object.keys(job.env), ...(nodes > 1 ? meetingVariables : [])] };
  const command = container ? containerCommand(container, run, inside) : run;
  if (!needsSrun(target)) return command;
  const options = [
    ...["--export=ALL", `--nodes=${nodes}`, `--ntasks=${nodes}`, "--ntasks-per-node=1"],
    ...(cpus === undefined ? [] : [`--cpus-per-task=${cpus}`]), // srun does not take it over from sbatch
    "--wait=0", // the first node evaluates when the others are done
    ...(container?.kind === "pyxis" ? pyxisOptions(container, inside) : []),
  ];
  return ["srun", ...options, ...(nodes > 1 ? asNode : []), ...command];
}

const meetingVariables = ["FT_NODES", "FT_NODE_RANK", "MASTER_ADDR", "MASTER_PORT"];
const asNode = ["bash", "-c", 'FT_NODE_RANK=$SLURM_NODEID exec "$@"', "ft"];

/** Where the nodes' processes meet: on the first one, which runs the script; the port from the job's number, for jobs that share it. */
const meeting = `export FT_NODES="$SLURM_JOB_NUM_NODES" MASTER_ADDR="$(hostname)" MASTER_PORT="$((20000 + SLURM_JOB_ID % 20000))"`;
