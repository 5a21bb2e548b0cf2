// Processes of this machine: how a whole group is ended, and seen to be gone.
import { isAlive } from "../../start-time.js";
import { within } from "../within.js";

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
