// The trainers of a run as processes of this machine: those whose environment or folder names the run.
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { join } from "node:path";
import type { FakeRun } from "../fake-run.js";

/** Processes whose working folder is a job folder of this run, the trainer's children not counted. */
export async function livingTrainers({ id }: Pick<FakeRun, "id">): Promise<number> {
  return readdirSync("/proc").filter((pid) => {
    if (!/^\d+$/.test(pid)) return false;
    try {
      if (!readlinkSync(`/proc/${pid}/cwd`).endsWith(id)) return false;
      return readFileSync(`/proc/${pid}/cmdline`, "utf8").includes("trainer/run.py");
    } catch {
      return false; // ended meanwhile, or is another's
    }
  }).length;
}

/** `kill -9` of the supervisor that a job folder of this machine names, and of its group. */
export async function killSupervisor(dir: string): Promise<void> {
  const { pid } = JSON.parse(readFileSync(join(dir, "supervisor.json"), "utf8")) as { pid: number };
  process.kill(-pid, "SIGKILL");
}

/** `kill -9` of the supervisor alone, where its group is another's: a batch script's. */
export async function killAlone(dir: string): Promise<void> {
  const { pid } = JSON.parse(readFileSync(join(dir, "supervisor.json"), "utf8")) as { pid: number };
  process.kill(pid, "SIGKILL");
}
