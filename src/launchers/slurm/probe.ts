// What a cluster offers a run: asked of Slurm without submitting anything.
import { cpuOnly, type Device } from "../../engines/machine.js";
import { secondsOf } from "../../recipes/schema/targets/slurm-time.js";
import type { Probe, Wanted } from "../contract.js";
import type { Caches } from "../folder/room.js";
import type { Host } from "../hosts/contract.js";
import { probeHost } from "../hosts/probe.js";
import { askSlurm } from "./queue.js";
import type { SlurmTarget } from "./render-batch.js";

type Check = Probe["checks"][number];

/** Throws FtError launcher.unreachable, launcher.no-slurm, launcher.far-end. */
export async function probeSlurm(
  host: Host,
  target: SlurmTarget,
  run: { caches: Caches; wanted: Wanted | undefined },
): Promise<Probe> {
  const partition = target.partition ? [`--partition=${target.partition}`] : [];
  const sinfo = async (...options: string[]) => (await askSlurm(host, ["sinfo", "-h", ...partition, ...options])).text;
  const [version, gres, states, limits, trial, machine] = [
    (await askSlurm(host, ["sinfo", "--version"])).text.trim(),
    await sinfo("-o", "%G"),
    await sinfo("-o", "%D %T"),
    await sinfo("-o", "%P %l %L"),
    await askSlurm(host, trialOf(target)),
    await probeHost(host, { python: target.python, dir: target.dir }, run),
  ];
  const device = deviceOf(gres);
  const { count, names } = device;
  const { elsewhere } = machine.device; // the login node: its memory is not the nodes', its disk is
  return {
    device: elsewhere ? { ...device, elsewhere: { ...elsewhere, ramBytes: null } } : device,
    checks: [
      { name: "slurm", status: "ok", detail: version, next: null },
      nodesCheck(states, target),
      { name: "gpu", status: "ok", detail: count === 0 ? "none" : `${count} x ${names[0]} a node`, next: null },
      (trial.ok && limitCheck(limits, target)) || trialCheck(trial),
      ...timeChecks(limits, target),
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
function limitCheck(limits: string, { time, partition, qos }: SlurmTarget): Check | null {
  if (time === undefined || qos !== undefined) return null;
  const asked = partitionsOf(limits, partition);
  if (asked.length === 0 || asked.some(({ most }) => secondsOf(most) >= secondsOf(time))) return null;
  const detail = `a job of ${time} would never start, as its partition has a limit: ${asked.map(({ name, most }) => `${name} ${most}`).join(", ")}`;
  return {
    name: "job",
    status: "missing",
    detail,
    next: "lower the target's time; with `requeue` a longer run goes on in another start",
  };
}

/** A job that names no time gets its partition's. Where that is no longer than the warning before it, every start is told to save as it begins. */
function timeChecks(limits: string, { time, partition, signal_seconds, extra }: SlurmTarget): Check[] {
  if (time !== undefined || extra.some((option) => option.startsWith("--time"))) return [];
  const short = partitionsOf(limits, partition).find(({ given }) => secondsOf(given) <= signal_seconds);
  if (short === undefined) return [];
  const detail = `without a time a job in ${short.name} gets ${short.given}, and ${signal_seconds} s before the end it is told to save: as it begins, at each start`;
  return [{ name: "time", status: "missing", detail, next: "give the target a `time`, or a lower `signal_seconds`" }];
}

/** Of those that a job may go to: the longest time, and what a job gets that names none. */
function partitionsOf(limits: string, asked: string | undefined): { name: string; most: string; given: string }[] {
  const rows = limits.split("\n").filter((row) => (asked === undefined ? row.includes("* ") : row !== ""));
  return rows.map((row) => {
    const [name = "", most = "", byDefault = ""] = row.trim().split(" ");
    return { name, most, given: byDefault === "n/a" ? most : byDefault };
  });
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
