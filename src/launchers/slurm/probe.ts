// What a cluster offers a run: asked of Slurm without submitting anything.
import { cpuOnly, type Device } from "../../engines/machine.js";
import { secondsOf } from "../../recipes/schema/targets/slurm-time.js";
import type { Probe } from "../contract.js";
import type { Host } from "../hosts/contract.js";
import { probeHost } from "../hosts/probe.js";
import { askSlurm } from "./queue.js";
import type { SlurmTarget } from "./render-batch.js";

type Check = Probe["checks"][number];

/** Throws FtError launcher.unreachable, launcher.no-slurm, launcher.far-end. */
export async function probeSlurm(host: Host, target: SlurmTarget): Promise<Probe> {
  const partition = target.partition ? [`--partition=${target.partition}`] : [];
  const sinfo = async (...options: string[]) => (await askSlurm(host, ["sinfo", "-h", ...partition, ...options])).text;
  const [version, gres, states, limits, trial, machine] = [
    (await askSlurm(host, ["sinfo", "--version"])).text.trim(),
    await sinfo("-o", "%G"),
    await sinfo("-o", "%D %T"),
    await sinfo("-o", "%P %l"),
    await askSlurm(host, trialOf(target)),
    await probeHost(host, { python: target.python, dir: target.dir }),
  ];
  const device = deviceOf(gres);
  const { count, names } = device;
  return {
    device,
    checks: [
      { name: "slurm", status: "ok", detail: version, next: null },
      nodesCheck(states, target),
      { name: "gpu", status: "ok", detail: count === 0 ? "none" : `${count} x ${names[0]} a node`, next: null },
      (trial.ok && timeCheck(limits, target)) || trialCheck(trial),
      ...machine.checks.filter(({ name }) => name === "python" || name === "disk"),
    ],
  };
}

/** What the settings alone ask for; Slurm says whether it would take such a job, and when it could begin. */
function trialOf(target: SlurmTarget): string[] {
  const { partition, account, qos, nodes, gres, cpus, memory, time, constraint, exclude, reservation, extra } = target;
  const values = {
    partition,
    account,
    qos,
    nodes,
    gres,
    "cpus-per-task": cpus,
    mem: memory,
    time,
    constraint,
    exclude,
    reservation,
  };
  const options = Object.entries(values).filter(([, value]) => value !== undefined);
  return [
    "sbatch",
    "--test-only",
    "--export=NONE",
    ...options.map(([key, value]) => `--${key}=${value}`),
    ...extra,
    "--wrap=true",
  ];
}

/** sbatch answers in one line on stderr: "Job 3 to start at ... on nodes n1 in partition main", or why not. */
function trialCheck({ ok, words }: { ok: boolean; words: string }): Check {
  if (ok) return { name: "job", status: "ok", detail: words.replace(/^Job \d+ /, "a job "), next: null };
  const next = "mend the target's partition, account, qos, gres, memory or time";
  return { name: "job", status: "missing", detail: words, next };
}

/** Slurm itself takes a job whose time is over its partition's limit, and never starts it. A qos may lift that limit. */
function timeCheck(limits: string, { time, partition, qos }: SlurmTarget): Check | null {
  if (time === undefined || qos !== undefined) return null;
  const rows = limits.split("\n").filter((row) => (partition === undefined ? row.includes("* ") : row !== ""));
  const fits = rows.some((row) => secondsOf(row.split(" ")[1]!) >= secondsOf(time));
  if (rows.length === 0 || fits) return null;
  const detail = `a job of ${time} would never start, as its partition has a limit: ${rows.join(", ")}`;
  return {
    name: "job",
    status: "missing",
    detail,
    next: "lower the target's time; with `requeue` a longer run goes on in another start",
  };
}

function nodesCheck(states: string, { partition }: SlurmTarget): Check {
  const rows = states.split("\n").filter(Boolean);
  const isUp = rows.some((row) => /\b(idle|mixed|allocated|completing)$/.test(row));
  const detail = rows.join(", ") || (partition === undefined ? "none" : `none of a partition ${partition}`);
  const next = isUp ? null : "no node of it takes jobs now: `sinfo -R` says why";
  return { name: "nodes", status: isUp ? "ok" : "missing", detail, next };
}

/** The node with the most GPUs: "gpu:a100:4(S:0-1),nvme:1" has 4. Slurm does not tell their memory. */
function deviceOf(gres: string): Device {
  const gpus = gres.split(/[\n,]/).flatMap((one) => {
    const [, name, count] = /^gpu(?::([^:()]+))?:(\d+)/.exec(one) ?? [];
    return count === undefined ? [] : [{ name: name ?? "GPU", count: Number(count) }];
  });
  const most = gpus.sort((one, other) => other.count - one.count)[0];
  if (most === undefined) return cpuOnly();
  const { name, count } = most;
  return { ...cpuOnly(), kind: "cuda", count, bf16: true, names: Array(count).fill(name) };
}
