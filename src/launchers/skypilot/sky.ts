// The person's own `sky` program: what ft asks it, and how its answers are read (it prints JSON for the queue alone).
import { stripVTControlCharacters } from "node:util";
import { z } from "zod";
import { FtError } from "../../errors.js";
import { visibleLine } from "../../report/visible.js";
import type { RunOptions, RunResult } from "../hosts/contract.js";
import { runProgram, unreachable } from "../hosts/this-machine.js";

const label = "SkyPilot";
const timeoutMs = 180_000;

/**
 * Throws FtError launcher.unreachable, env.no-sky (environment), launcher.refused (refused). `env`: for secrets, whose names alone stand in
 * `args`.
 */
export async function sky(args: readonly string[], options: SkyOptions = {}): Promise<RunResult> {
  const result = await runSky(args, options);
  if (result.exitCode !== 0 && !options.anyExit) throw failure(result);
  return result;
}

/** What SkyPilot's programs say when one does not reach the other; all else is an answer. */
const silence =
  /connection ?error|failed to connect|could not connect|networkerror|time(d )?out|interrupted|temporarily|exhausted|unreachable|unavailable:|ClusterNotUpError/i;

function failure(result: RunResult): FtError {
  const words = lastWords(result);
  if (silence.test(words)) return unreachable(label, words);
  return new FtError({
    code: "launcher.refused",
    exit: "refused",
    message: "SkyPilot refuses what ft asked",
    why: words,
    next: "`sky check` shows the clouds that it may use; mend the target's keys (docs/launching.md), or the cloud's account",
  });
}

export interface SkyOptions extends Pick<RunOptions, "timeoutMs" | "signal" | "maxBytes"> {
  env?: Record<string, string>;
  /** Its exit code is not sky's own. */
  anyExit?: boolean;
}

async function runSky(args: readonly string[], { env = {}, anyExit: _, ...options }: SkyOptions): Promise<RunResult> {
  const result = await runProgram(["sky", ...args], { timeoutMs, ...options, env: { ...env, NO_COLOR: "1" } }, label);
  if (result.exitCode === 127) throw missing();
  return result;
}

/** What SkyPilot knows of a managed job; unknown keys and states of newer versions are let through. */
const jobSchema = z.object({
  job_id: z.int(),
  job_name: z.string().nullable(),
  status: z.string().nullable(),
  failure_reason: z.string().nullish(),
  details: z.string().nullish(),
});

export type SkyJob = z.output<typeof jobSchema>;

/**
 * All managed jobs. "idle": there is no controller, or it has stopped, as it does some minutes after the last job has ended; it says the same of
 * both. Started again (`sky jobs queue --refresh`: minutes, and a machine) it would remember them.
 */
export async function queue(): Promise<SkyJob[] | "idle"> {
  // Why a job waits or failed stands in the verbose answer alone.
  const result = await runSky(["jobs", "queue", "--all", "--verbose", "--output", "json"], {});
  if (result.exitCode === 0) return z.array(jobSchema).parse(parseJsonPart(textOf(result)));
  // A controller that is there and is not reached ("Failed to connect to jobs controller") is no news of its jobs.
  if (/No in-progress managed jobs/.test(`${textOf(result)}\n${result.stderr}`)) return "idle";
  throw unreachable(label, lastWords(result));
}

/** Lines of its own may stand before the JSON. */
function parseJsonPart(text: string): unknown {
  const start = text.search(/^[[{]/m);
  try {
    return JSON.parse(text.slice(start));
  } catch {
    throw unreachable(label, "its answer is not the JSON that ft asked for");
  }
}

function textOf({ stdout }: RunResult): string {
  return Buffer.from(stdout).toString("utf8");
}

/** From the exception on, which may be several lines; else the last line. */
function lastWords(result: RunResult): string {
  const text = stripVTControlCharacters(`${textOf(result)}\n${result.stderr}`);
  const lines = text.split("\n").filter((line) => line.trim() !== "");
  const thrown = lines.findLastIndex((line) => /^[\w.]+(Error|Exception|Policy|Exist|Cancelled)\b/.test(line));
  const words = lines.slice(thrown < 0 ? -1 : thrown).join(" ");
  return visibleLine((words || `exit code ${result.exitCode}`).slice(0, 500));
}

function missing(): FtError {
  return new FtError({
    code: "env.no-sky",
    exit: "environment",
    message: "there is no `sky` program on this machine",
    next: "install SkyPilot (uv tool install 'skypilot[aws]', or the clouds that you use), then `sky check`",
  });
}

export async function skyVersion(): Promise<string> {
  return textOf(await sky(["--version"])).trim();
}

/** Offers of a GPU ("H100:8"), by its name. */
export async function skyGpus(gpu: string, infra: string | undefined): Promise<unknown> {
  // SkyPilot shows a GPU's regions only when no region is asked for.
  const place =
    infra === undefined ? ["--all-regions"] : ["--infra", infra, ...(infra.includes("/") ? [] : ["--all-regions"])];
  return parseJsonPart(textOf(await sky(["gpus", "list", gpu, ...place, "--output", "json"])));
}
