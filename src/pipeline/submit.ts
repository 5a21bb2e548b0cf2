// Hands an attempt to its launcher by the crash protocol: state first, then submit, then the handle; what fails is written down.

import { FtError } from "../errors.js";
import type { Group, Launcher, Submission } from "../launchers/contract.js";
import { loadLauncher } from "../launchers/index.js";
import { isSameTarget, type NamedTarget } from "../launchers/targets.js";
import type { Env } from "../paths.js";
import type { Target } from "../recipes/schema/targets.js";
import { markCancelled } from "../runs/cancel-mark.js";
import type { FailureClass } from "../runs/events.js";
import { getRun, setFailure, setHandle, transition } from "../runs/run-store.js";
import type { Store } from "../store/open.js";
import type { PrepareContext } from "./survey.js";

export type Attempt = Pick<Submission, "job" | "dir" | "attempt" | "resume" | "python">;
export type SubmitContext = Pick<PrepareContext, "env" | "onProgress" | "signal"> & { now(): number };

export function submitAttempt(store: Store, attempt: Attempt, context: SubmitContext): Promise<void> {
  return handOver(store, [attempt], context, async (launcher, [submission]) => [await launcher.submit(submission!)]);
}

/**
 * Several of one target, as one submission of a launcher that has `submitTogether`; the caller holds their submit locks. Throws FtError
 * launcher.mixed (usage), with nothing submitted, where they are of several targets.
 */
export async function submitTogether(
  store: Store,
  attempts: readonly Attempt[],
  context: SubmitContext,
  group: Group,
): Promise<void> {
  const targets = attempts.map(({ job }) => job.target);
  const other = targets.find((target) => !isSameTarget(target, targets[0]!));
  if (other) throw mixed(targets[0]!, other);
  return handOver(store, attempts, context, (launcher, submissions) => launcher.submitTogether!(submissions, group));
}

async function handOver(
  store: Store,
  attempts: readonly Attempt[],
  { env, now, onProgress, signal }: SubmitContext,
  submit: (launcher: Launcher<unknown>, submissions: Submission[]) => Promise<unknown[]>,
): Promise<void> {
  const { settings } = attempts[0]!.job.target;
  const launcher = await loadLauncher(settings.launcher);
  const more = { env: trainerEnv(env), secrets: secretsFor(settings, env), onProgress, signal };
  for (const { job } of attempts) transition(store, job.id, "preparing", now());
  try {
    const handles = await submit(
      launcher,
      attempts.map((attempt) => ({ ...attempt, ...more })),
    );
    for (const [index, { job }] of attempts.entries()) {
      setHandle(store, { id: job.id, launcher: launcher.name }, handles[index]);
      // Another ft cancelled it while it was handed over, and found nothing yet that it could end.
      if (getRun(store, job.id).state === "cancelled") await launcher.cancel(handles[index], 0);
    }
  } catch (error) {
    for (const attempt of attempts) await writeDown(store, attempt, { launcher, error, now, signal });
    throw error;
  }
}

async function writeDown(
  store: Store,
  attempt: Attempt,
  {
    launcher,
    error,
    now,
    signal,
  }: { launcher: Launcher<unknown>; error: unknown } & Pick<SubmitContext, "now" | "signal">,
): Promise<void> {
  const { id } = attempt.job;
  const started = await whatBecameOf(attempt, launcher, error, signal);
  if (started !== null && started !== "unknown") setHandle(store, { id, launcher: launcher.name }, started);
  else if (getRun(store, id).state === "preparing") {
    setFailure(store, id, failureOf(error, signal));
    if (started === null && signal?.aborted) {
      markCancelled(attempt.dir);
      transition(store, id, "cancelled", now(), "stopped before it was started");
    } else if (started === null) transition(store, id, "failed", now(), "the launcher could not start it");
    else transition(store, id, "lost", now(), "whether it was started is not known: its target fell silent");
  }
}

/**
 * After an error: the handle where the attempt was started all the same (its answer was lost, or the person did not wait for it), "unknown"
 * where nobody can say (it is looked for again later), null where there is none.
 */
async function whatBecameOf(
  { dir, attempt }: Pick<Submission, "dir" | "attempt">,
  launcher: Launcher<unknown>,
  error: unknown,
  signal: AbortSignal | undefined,
): Promise<unknown> {
  const { code } = error as { code?: string };
  if (code === "launcher.not-listed") return "unknown";
  if (code !== "launcher.unreachable" && !signal?.aborted) return null;
  return launcher.find(dir, attempt).catch(() => "unknown");
}

/** As a run keeps it: what, why, and what to do. */
function failureOf(
  error: unknown,
  signal: AbortSignal | undefined,
): { class: FailureClass; message: string; hint: string | null } {
  if (signal?.aborted) return { class: "killed", message: "it was stopped before it was started", hint: null };
  const { code = "", message, why, next } = error as Partial<FtError> & Error;
  return { class: classes[code] ?? "unknown", message: why ? `${message}: ${why}` : message, hint: next ?? null };
}

function mixed(one: NamedTarget, other: NamedTarget): FtError {
  const isChanged = one.name === other.name;
  return new FtError({
    code: "launcher.mixed",
    exit: "usage",
    message: "runs of different targets cannot be submitted together",
    why: isChanged ? `the target ${one.name} was changed while they were prepared` : `${one.name} and ${other.name}`,
    next: "repeat the command",
  });
}

const classes: Record<string, FailureClass> = {
  "env.disk-full": "disk-full",
  "launcher.unwritable": "permission",
  "launcher.unreachable": "network",
  "launcher.no-engine": "dependency",
  "launcher.no-image": "dependency",
  "launcher.no-registry": "network",
  "launcher.registry-login": "auth",
};

/** The person's environment: a trainer on this machine needs their proxies, caches and CUDA settings. */
export function trainerEnv(env: Env): Record<string, string> {
  return Object.fromEntries(Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined));
}

/** Those that the target names and the environment has. */
function secretsFor(target: Target, env: Env): Record<string, string> {
  const names = "secrets" in target ? target.secrets : [];
  return Object.fromEntries(names.flatMap((name) => (env[name] ? [[name, env[name]]] : [])));
}
