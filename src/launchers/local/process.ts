// Processes of this machine: who is alive under which identity, and how a whole group is ended.
import { startTime } from "../../start-time.js";
import { within } from "../within.js";

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
