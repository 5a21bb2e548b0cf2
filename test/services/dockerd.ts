// A Docker daemon for tests: Debian's dockerd with folders, socket and process of its own, ended with every container that it ran.
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { execa } from "execa";
import { ensurePrograms, findProgram, sayLoudly } from "./programs.js";

export interface Dockerd {
  /** For DOCKER_HOST: "unix:///tmp/.../docker.sock". */
  host: string;
  /** Kills the daemon as a power cut would, and starts another on the same data. */
  restart(): Promise<void>;
  /** Ends the daemon and its containers, and removes what they left. */
  stop(): Promise<void>;
}

/**
 * Null, with a word on stderr, where no daemon can be had. No bridge and no iptables: containers take `--network host`. With `liveRestore`
 * containers outlive the daemon, else they end with it.
 */
export async function startDockerd({ liveRestore = false } = {}): Promise<Dockerd | null> {
  if (process.platform !== "linux" || process.getuid?.() !== 0) return without("it takes Linux and root");
  if (!(await ensurePrograms(["dockerd", "docker"], ["docker.io"]))) return null;
  const dir = mkdtempSync(join(tmpdir(), "ft-dockerd-"));
  const daemon = { process: start(dir, liveRestore) };
  const host = `unix://${join(dir, "docker.sock")}`;
  if (!(await answers(host, daemon.process))) {
    const log = readFileSync(join(dir, "log"), "utf8").trim().split("\n").at(-1);
    await end(dir, host, daemon.process);
    return without(`dockerd does not come up: ${log}`);
  }
  return {
    host,
    async restart() {
      daemon.process.kill("SIGKILL");
      await ended(daemon.process);
      await sleep(500); // its containerd dies with it
      for (const name of ["pid", "exec/containerd/containerd.pid"]) rmSync(join(dir, name), { force: true });
      daemon.process = start(dir, liveRestore);
      if (!(await answers(host, daemon.process))) throw new Error("dockerd did not come up again");
    },
    stop: () => end(dir, host, daemon.process),
  };
}

function without(why: string): null {
  sayLoudly(`no Docker daemon here: ${why}`);
  return null;
}

function start(dir: string, liveRestore: boolean): ChildProcess {
  for (const name of ["data", "exec"]) mkdirSync(join(dir, name), { recursive: true });
  const log = openSync(join(dir, "log"), "a");
  const args = [
    ["--data-root", join(dir, "data")],
    ["--exec-root", join(dir, "exec")],
    ["--pidfile", join(dir, "pid")],
    ["--host", `unix://${join(dir, "docker.sock")}`],
    ["--iptables=false", "--ip6tables=false", "--ip-masq=false", "--bridge=none"],
    liveRestore ? ["--live-restore"] : [],
  ];
  return spawn(findProgram("dockerd")!, args.flat(), { stdio: ["ignore", log, log], detached: true });
}

async function answers(host: string, daemon: ChildProcess): Promise<boolean> {
  for (let tries = 0; tries < 300; tries += 1) {
    if (daemon.exitCode !== null) return false;
    if (!(await docker(host, ["version"])).failed) return true;
    await sleep(100);
  }
  return false;
}

async function end(dir: string, host: string, daemon: ChildProcess): Promise<void> {
  const { stdout } = await docker(host, ["ps", "-aq"]);
  const ids = typeof stdout === "string" ? stdout.split("\n").filter(Boolean) : [];
  if (ids.length > 0) await docker(host, ["rm", "-f", ...ids]);
  daemon.kill("SIGTERM");
  await ended(daemon);
  // Containers' mounts, where a killed daemon left them.
  const mounts = readFileSync("/proc/mounts", "utf8")
    .split("\n")
    .map((line) => line.split(" ")[1] ?? "");
  for (const mount of mounts.filter((path) => path.startsWith(`${dir}/`)).reverse()) {
    await execa("umount", ["-l", mount], { reject: false });
  }
  if (existsSync(dir)) rmSync(dir, { recursive: true, force: true });
}

async function ended(daemon: ChildProcess): Promise<void> {
  while (daemon.exitCode === null && daemon.signalCode === null) await sleep(50);
}

function docker(host: string, args: string[]) {
  return execa("docker", args, { env: { DOCKER_HOST: host }, reject: false });
}
