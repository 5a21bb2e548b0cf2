// The GPUs of this machine, for processes of ft on it: each takes those that no other one holds, and waits for them.
import { homedir } from "node:os";
import { join } from "node:path";
import type { Env } from "../../paths.js";
import { parseEvent } from "../../runs/ingest.js";
import type { Job } from "../../runs/job.js";
import { readEvents } from "../read-events.js";

/** For run.py. One folder for all projects, and the one where the ssh and docker launchers keep the leases of this machine (their `dir`). */
export function gpuArgs({ gpus, target: { settings } }: Pick<Job, "gpus" | "target">, env: Env): string[] {
  if (gpus === 0) return [];
  const shares = settings.launcher === "local" && settings.share_gpus === true;
  const leases = join(env.HOME || homedir(), "ft-jobs", "leases");
  return ["--gpus", String(gpus), "--leases", leases, ...(shares ? ["--share-gpus"] : [])];
}

const lookEveryMs = 500;

/** Calls `onWait` with each new "waiting for 1 GPU: 0 is held by run ..." of a run.py that this process executes in `dir`. Returns what ends it. */
export function reportGpuWaits(dir: string, onWait: (text: string) => void): () => void {
  let from = readEvents(dir, { inode: 0, offset: 0 });
  from.offset += from.bytes.length;
  const look = (): void => {
    const seen = readEvents(dir, from);
    const whole = seen.bytes.lastIndexOf(0x0a) + 1;
    from = { ...seen, offset: seen.offset + whole };
    for (const line of Buffer.from(seen.bytes.subarray(0, whole)).toString("utf8").split("\n")) {
      const event = parseEvent(line);
      if (event?.kind === "phase" && event.phase === "preparing" && event.detail) onWait(event.detail);
    }
  };
  const timer = setInterval(look, lookEveryMs);
  return () => clearInterval(timer);
}
