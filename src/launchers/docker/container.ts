// A container of an attempt: what it is called, and what the engine says about it.
import { z } from "zod";
import type { Ending, Liveness } from "../contract.js";
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

/** `words`: the last that it printed outside the run's own log. */
export function livenessOf(
  container: Container | null,
  now: number,
  words = "",
): { liveness: Liveness; reason?: string; ending?: Ending } {
  if (container === null) return { liveness: "gone", reason: "there is no such container any more" };
  const { status, createdAt } = container;
  if (["running", "paused", "restarting", "stopping"].includes(status)) return { liveness: "running" };
  if (isUnstarted(container)) {
    if (now - createdAt < unstartedMs) return { liveness: "queued", reason: "its container is about to start" };
    return { liveness: "gone", reason: "its container was made, but never started" };
  }
  const ending = endingOf(container, words);
  return { liveness: "ended", reason: ending.message, ending };
}

/** What became of one whose supervisor may have left no word. */
function endingOf({ exitCode, outOfMemory, error }: Container, words: string): Ending {
  if (outOfMemory) {
    const message = "the kernel ended it, as its container had no more memory";
    const hint = "lower train.micro_batch or data.max_length, or raise the target's `memory`";
    return { class: "out-of-memory", message, hint };
  }
  const message = error || `its container ended with exit code ${exitCode}${words ? `: ${words}` : ""}`;
  if (exitCode === 137) return { class: "killed", message: `${message}, which is SIGKILL`, hint: null };
  if (/permission denied|read-only file system/i.test(words)) {
    const hint = "the container's user cannot write the run's folder: the target's `user: me` writes as you do";
    return { class: "permission", message, hint };
  }
  if (exitCode === 126 || exitCode === 127) {
    return {
      class: "dependency",
      message,
      hint: "name an image with a Python in the target's `image`, or leave it out",
    };
  }
  return { class: "unknown", message, hint: null };
}

export function isOver(container: Container | null): boolean {
  return container === null || ["exited", "dead", "stopped"].includes(container.status);
}

/** Made, and perhaps about to start. */
export function isUnstarted(container: Container | null): boolean {
  return container !== null && ["created", "configured", "initialized"].includes(container.status);
}

/** Of one that failed: what its shell said before the trainer's own log was open. */
export async function lastWords(daemon: Daemon, name: string, container: Container | null): Promise<string> {
  if (!isOver(container) || container === null || container.exitCode === 0) return "";
  return (await ask(daemon, ["logs", "--tail", "3", name])).words;
}
