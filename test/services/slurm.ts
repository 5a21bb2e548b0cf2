// A real Slurm on this machine for tests: munged, slurmctld and one slurmd a node, with GPUs that are links to /dev/null. Several can run beside each other.

import { randomBytes } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { hostname, tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { execa } from "execa";
import { type Daemon, startDaemon } from "./daemon.js";
import { ensurePrograms, findProgram, freePort, sayLoudly } from "./programs.js";

export interface Slurm {
  /** SLURM_CONF: what its commands need. */
  env: { SLURM_CONF: string };
  dir: string;
  /** Where it writes what it was given: the controller's and the nodes' spool. */
  spoolDirs: string[];
  /** One line for each job that ended or was requeued. */
  jobCompletions: string;
  /** The controller alone; jobs go on. `sbatch` and `squeue` fail in between. */
  stopController(): Promise<void>;
  startController(): Promise<void>;
  /** All daemons; jobs go on. */
  restart(): Promise<void>;
  /** A requeued job waits two minutes before it may start again: waits until it does, and makes it eligible now. */
  releaseRequeued(jobId: string): Promise<void>;
  /** Ends all jobs and daemons. */
  stop(): Promise<void>;
}

export interface SlurmOptions {
  /** Default 2: `n1`, `n2`, ... */
  nodes?: number;
  /** Of each node; default 2. */
  gpus?: number;
  /** How long the controller remembers a job that ended, s; default 300 as Slurm's own. */
  minJobAge?: number;
  /** Between SIGTERM and SIGKILL, s. */
  killWait?: number;
}

/** Starts it, or says loudly why not and returns null. */
export async function startSlurm(options: SlurmOptions = {}): Promise<Slurm | null> {
  const programs = ["munged", "slurmctld", "slurmd", "sbatch"];
  if (!(await ensurePrograms(programs, ["slurm-wlm", "munge"]))) return null;
  const dir = mkdtempSync(join(tmpdir(), "ft-slurm-"));
  const { nodes } = await configure(dir, options);
  const env = { SLURM_CONF: join(dir, "slurm.conf") };
  const munged = startMunged(dir);
  const daemons = new Map<string, Daemon>();
  const run = (file: string, args: string[]) => execa(file, args, { env, reject: false });

  async function startController(): Promise<void> {
    const controller = startDaemon(findProgram("slurmctld")!, ["-D", "-i"], { env, log: join(dir, "slurmctld.out") });
    daemons.set("slurmctld", controller);
    await controller.until(async () => (await run("scontrol", ["ping"])).stdout.includes("is UP"));
  }
  const stopController = async () => await daemons.get("slurmctld")?.kill("SIGTERM");

  async function startNodes(): Promise<void> {
    for (const name of nodes)
      daemons.set(
        name,
        startDaemon(findProgram("slurmd")!, ["-D", "-N", name], { env, log: join(dir, `${name}.out`) }),
      );
    const areUp = async () => {
      const states = (await run("sinfo", ["-hN", "-o", "%T"])).stdout.split("\n"); // with a * they have not answered yet
      return (
        states.length >= nodes.length && states.every((state) => /^(idle|mixed|allocated|completing)$/.test(state))
      );
    };
    await daemons.get(nodes[0]!)!.until(areUp);
  }
  const stopNodes = () => Promise.all(nodes.map((name) => daemons.get(name)?.kill("SIGTERM")));

  async function stop(): Promise<void> {
    if (daemons.get("slurmctld")?.isRunning()) await endJobs(run);
    await Promise.all([stopController(), stopNodes()]);
    await munged.kill("SIGTERM");
    rmSync(dir, { recursive: true, force: true });
  }

  try {
    await startController();
    await startNodes();
  } catch (error) {
    await stop();
    sayLoudly(`Slurm does not start: ${(error as Error).message}`);
    return null;
  }
  return {
    env,
    dir,
    spoolDirs: ["state", ...nodes.map((name) => `spool-${name}`)].map((name) => join(dir, name)),
    jobCompletions: join(dir, "jobcomp.log"),
    stopController,
    startController,
    restart: async () => {
      await Promise.all([stopController(), stopNodes()]);
      await startController();
      await startNodes();
    },
    releaseRequeued: async (jobId) => {
      const reason = async () => (await run("squeue", ["-h", "-j", jobId, "-o", "%r"])).stdout;
      while ((await reason()) !== "BeginTime") await sleep(100); // before, its old start is still being cleaned up
      // Not in the second of its requeue: nodes refuse all of a job that is no newer than the order to end it ("credential revoked").
      await run("scontrol", ["update", `JobId=${jobId}`, "StartTime=now+1"]);
    },
    stop,
  };
}

/** Kills what runs and waits until the nodes say that it is gone. */
async function endJobs(run: (file: string, args: string[]) => Promise<{ stdout: string }>): Promise<void> {
  const jobs = async () => (await run("squeue", ["-h", "-o", "%A"])).stdout.split("\n").filter(Boolean);
  const deadline = performance.now() + 20_000;
  for (let ids = await jobs(); ids.length > 0 && performance.now() < deadline; ids = await jobs()) {
    await run("scancel", ["--full", "--signal=KILL", ...ids]);
    await run("scancel", ids);
  }
}

function startMunged(dir: string): Daemon {
  const file = (name: string) => join(dir, `munge.${name}`);
  writeFileSync(file("key"), randomBytes(128), { mode: 0o600 });
  const named = ["key", "pid", "log", "seed"].map((name) => `--${name}-file=${file(name)}`);
  return startDaemon(findProgram("munged")!, ["-F", "--force", `--socket=${file("socket")}`, ...named], {
    log: file("out"),
  });
}

/** slurm.conf and gres.conf as one machine without cgroups and accounting bears them. */
async function configure(dir: string, { nodes = 2, gpus = 2, minJobAge = 300, killWait = 30 }: SlurmOptions) {
  const names = Array.from({ length: nodes }, (_, index) => `n${index + 1}`);
  const host = hostname().split(".")[0];
  const user = userInfo().username;
  const at = (name: string) => join(dir, name);
  mkdirSync(at("state"));
  const nodeLines: string[] = [];
  const gpuLines: string[] = [];
  for (const name of names) {
    const files = Array.from({ length: gpus }, (_, index) => at(`${name}-nvidia${index}`));
    for (const file of files) symlinkSync("/dev/null", file); // a character device it has to be
    gpuLines.push(...files.map((file) => `NodeName=${name} Name=gpu File=${file}`));
    nodeLines.push(
      `NodeName=${name} NodeHostname=${host} NodeAddr=127.0.0.1 Port=${await freePort()} CPUs=8 RealMemory=16000 Gres=gpu:${gpus}`,
    );
  }
  writeFileSync(at("gres.conf"), `${gpuLines.join("\n")}\n`);
  writeFileSync(
    at("slurm.conf"),
    `ClusterName=ft
SlurmctldHost=${host}(127.0.0.1)
SlurmctldPort=${await freePort()}
SlurmUser=${user}
SlurmdUser=${user}
AuthType=auth/munge
AuthInfo=socket=${at("munge.socket")}
StateSaveLocation=${at("state")}
SlurmdSpoolDir=${at("spool-%n")}
SlurmctldPidFile=${at("slurmctld.pid")}
SlurmdPidFile=${at("slurmd-%n.pid")}
SlurmctldLogFile=${at("slurmctld.log")}
SlurmdLogFile=${at("slurmd-%n.log")}
SlurmdParameters=config_overrides
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SwitchType=switch/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
SchedulerParameters=batch_sched_delay=0,bf_interval=1
JobAcctGatherType=jobacct_gather/none
JobCompType=jobcomp/filetxt
JobCompLoc=${at("jobcomp.log")}
GresTypes=gpu
MpiDefault=none
ReturnToService=2
MinJobAge=${minJobAge}
KillWait=${killWait}
${nodeLines.join("\n")}
PartitionName=main Nodes=ALL Default=YES MaxTime=INFINITE State=UP
`,
  );
  return { nodes: names };
}
