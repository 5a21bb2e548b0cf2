// The Hub's jobs and the repository of the runs, through @huggingface/hub; refusals as errors that say what to do.
import type { getJob } from "@huggingface/hub";
import { FtError } from "../../errors.js";
import { hubToken, hubUrl } from "../../models/hub-cache.js";
import { visibleLine } from "../../report/visible.js";
import { unreachable } from "../hosts/this-machine.js";

export type HubJob = Awaited<ReturnType<typeof getJob>>;

export interface Hub {
  hubUrl: string;
  accessToken: string;
}

/** Throws FtError hub.no-token (environment). */
export function openHub(env: NodeJS.ProcessEnv = process.env): Hub {
  const accessToken = hubToken(env);
  if (accessToken) return { hubUrl: hubUrl(env), accessToken };
  throw new FtError({
    code: "hub.no-token",
    exit: "environment",
    message: "there is no token for the Hub",
    next: "set HF_TOKEN to a token that may write and run jobs, or log in with the hub's own tool",
  });
}

/** Throws FtError launcher.unreachable (environment) for what may pass, launcher.refused (refused) for what will not. */
export async function asked<T>(call: Promise<T>): Promise<T> {
  try {
    return await call;
  } catch (cause) {
    if (cause instanceof FtError) throw cause;
    const { statusCode, message = "" } = cause as { statusCode?: number; message?: string };
    const words = visibleLine(message.slice(0, 300));
    if (statusCode === undefined || statusCode === 429 || statusCode >= 500) throw unreachable("the Hub", words);
    throw new FtError({
      code: "launcher.refused",
      exit: "refused",
      message: `the Hub refuses what ft asked (HTTP ${statusCode})`,
      why: words,
      next: "see that the token may write to the namespace and run jobs there, and that it has a way to pay",
      cause,
    });
  }
}

/** Stages as the Hub sends them; the package's own type names those of Spaces. */
const over = ["COMPLETED", "CANCELED", "ERROR", "DELETED"];

export function stageOf({ status }: HubJob): string {
  return status.stage;
}

export function isOver(job: HubJob): boolean {
  return over.includes(stageOf(job));
}

/** How long the log's stream may be silent: the Hub replays what it has at once, then waits for more, ms. */
const silentMs = 2_000;
const longestMs = 60_000;
/** Lines that a look takes, the newest: far more than a run prints between two looks. What is missed comes home with the results. */
const tailLines = 20_000;
const mostBytes = 64 << 20;

/** The end of what a job has printed until now. */
export async function logOf(hub: Hub, namespace: string, jobId: string): Promise<string> {
  const { streamJobLogs } = await import("@huggingface/hub");
  const stop = new AbortController();
  const deadline = setTimeout(() => stop.abort(), longestMs);
  let silence = setTimeout(() => stop.abort(), silentMs * 5);
  // The package has no word for `tail`, which the Hub knows (huggingface_hub's fetch_job_logs sends it).
  const stopping: typeof fetch = (input, init) =>
    fetch(`${input as string}?tail=${tailLines}`, { ...init, signal: stop.signal });
  const lines: string[] = [];
  let bytes = 0;
  try {
    for await (const { message } of streamJobLogs({ ...hub, namespace, jobId, fetch: stopping })) {
      clearTimeout(silence);
      silence = setTimeout(() => stop.abort(), silentMs);
      bytes += message.length;
      if (bytes > mostBytes) break;
      lines.push(message);
    }
  } catch (error) {
    if (!stop.signal.aborted) throw error;
  } finally {
    clearTimeout(deadline);
    clearTimeout(silence);
    stop.abort();
  }
  return `${lines.map((line) => line.replace(/\n$/, "")).join("\n")}\n`;
}
