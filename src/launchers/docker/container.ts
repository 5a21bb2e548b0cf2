// A container of an attempt: what it is called, and what the engine says about it.
import { z } from "zod";
import type { Liveness } from "../contract.js";
import { ask, type Daemon, tell } from "./daemon.js";

const inspectedSchema = z.tuple([
  z.object({
    Created: z.string(),
    State: z.object({
      Status: z.string(),
      OOMKilled: z.boolean().default(false),
      ExitCode: z.int(),
      Error: z.string().default(""),
    }),
  }),
]);

export interface Container {
  status: string;
  exitCode: number;
  /** The kernel ended it, or a process in it, for its memory. */
  outOfMemory: boolean;
  /** Why the engine could not start it; mostly empty. */
  error: string;
  createdAt: number;
}

/** Null: there is none of that name. */
export async function inspect(daemon: Daemon, name: string): Promise<Container | null> {
  const { ok, stdout, words } = await ask(daemon, ["container", "inspect", name]);
  if (!ok && /no such (container|object)|no container with name/i.test(words)) return null;
  if (!ok) await tell(daemon, ["container", "inspect", name]);
  const [{ Created, State }] = inspectedSchema.parse(JSON.parse(stdout));
  return {
    status: State.Status,
    exitCode: State.ExitCode,
    outOfMemory: State.OOMKilled,
    error: State.Error,
    createdAt: Date.parse(Created),
  };
}

/** How long a container may stand there unstarted: ft, or docker's command line, died between the two. */
const unstartedMs = 60_000;

export function livenessOf(container: Container | null, now: number): { liveness: Liveness; reason?: string } {
  if (container === null) return { liveness: "gone", reason: "there is no such container any more" };
  const { status, exitCode, outOfMemory, error, createdAt } = container;
  if (["running", "paused", "restarting", "stopping"].includes(status)) return { liveness: "running" };
  if (["created", "configured", "initialized"].includes(status)) {
    if (now - createdAt < unstartedMs) return { liveness: "queued", reason: "its container is about to start" };
    return { liveness: "gone", reason: "its container was made, but never started" };
  }
  if (outOfMemory) return { liveness: "ended", reason: "the kernel ended it, as its container had no more memory" };
  const killed = exitCode === 137 ? ", which is SIGKILL" : "";
  return { liveness: "ended", reason: error || `its container ended with exit code ${exitCode}${killed}` };
}

export function isOver(container: Container | null): boolean {
  return container === null || ["exited", "dead", "stopped", "created", "configured"].includes(container.status);
}
