// Hands an attempt to its launcher by the crash protocol: state first, then submit, then the handle; what fails is written down.
import type { Submission } from "../launchers/contract.js";
import { loadLauncher } from "../launchers/index.js";
import type { Env } from "../paths.js";
import type { Target } from "../recipes/schema/targets.js";
import { setFailure, setHandle, transition } from "../runs/run-store.js";
import type { Store } from "../store/open.js";
import type { PrepareContext } from "./survey.js";

export async function submitAttempt(
  store: Store,
  attempt: Pick<Submission, "job" | "dir" | "attempt" | "resume" | "python">,
  { env, now, onProgress, signal }: Pick<PrepareContext, "env" | "onProgress" | "signal"> & { now(): number },
): Promise<void> {
  const { id, target } = attempt.job;
  const launcher = await loadLauncher(target.settings.launcher);
  const secrets = secretsFor(target.settings, env);
  transition(store, id, "preparing", now());
  try {
    setHandle(store, id, await launcher.submit({ ...attempt, env: trainerEnv(env), secrets, onProgress, signal }));
  } catch (error) {
    setFailure(store, id, { class: "unknown", message: (error as Error).message, hint: null });
    transition(store, id, "failed", now(), "the launcher could not start it");
    throw error;
  }
}

/** The person's environment: a trainer on this machine needs their proxies, caches and CUDA settings. */
export function trainerEnv(env: Env): Record<string, string> {
  return Object.fromEntries(Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined));
}

/** Those that the target names and the environment has. */
function secretsFor(target: Target, env: Env): Record<string, string> {
  const names = "secrets" in target ? target.secrets : [];
  return Object.fromEntries(names.flatMap((name) => (env[name] ? [[name, env[name]]] : [])));
}
