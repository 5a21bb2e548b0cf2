// Processes of this machine: who is alive under which identity, and how a whole group is ended.
import { readFileSync } from "node:fs";
import { execa } from "execa";
import { within } from "../within.js";

/**
 * When a process started, as text that is only compared (a pid alone may be used again): field 22 of /proc/<pid>/stat, elsewhere what
 * ps prints. Null: no such process. trainer/ft_trainer/processes.py computes the same.
 */
export async function startTime(pid: number): Promise<string | null> {
  if (process.platform !== "linux") {
    const { stdout } = await execa("ps", ["-o", "lstart=", "-p", String(pid)], { reject: false });
    return stdout?.trim() || null;
  }
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const [state, ...fields] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return state === "Z" ? null : fields[18]!;
  } catch {
    return null;
  }
}

export async function isAlive(identity: { pid: number; startTime: string }): Promise<boolean> {
  return (await startTime(identity.pid)) === identity.startTime;
}

/** True as soon as the process is gone, false when it still is there after `limitMs`. */
export function waitUntilGone(identity: { pid: number; startTime: string }, limitMs: number): Promise<boolean> {
  return within(limitMs, 100, async () => !(await isAlive(identity)));
}

/** Signals a process, or with a negative pid its group; one that is gone is no error. */
export function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}
