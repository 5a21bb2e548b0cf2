// Hands an attempt to its launcher by the crash protocol: state first, then submit, then the handle; what fails is written down.
import type { Launcher, Submission } from "../launchers/contract.js";
import type { Env } from "../paths.js";
import { setFailure, setHandle, transition } from "../runs/run-store.js";
import type { Store } from "../store/open.js";

export async function submitAttempt(
  store: Store,
  launcher: Launcher<unknown>,
  { submission, now }: { submission: Submission; now(): number },
): Promise<void> {
  const { id } = submission.job;
  transition(store, id, "preparing", now());
  try {
    setHandle(store, id, await launcher.submit(submission));
  } catch (error) {
    setFailure(store, id, { class: "unknown", message: (error as Error).message, hint: null });
    transition(store, id, "failed", now(), "the launcher could not start it");
    throw error;
  }
}

/** The person's environment: the trainer needs their proxies, caches and CUDA settings. Secrets reach it this way and no other. */
export function trainerEnv(env: Env): Record<string, string> {
  return Object.fromEntries(Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined));
}
