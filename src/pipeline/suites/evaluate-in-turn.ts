// Of several ft processes that evaluate the same at once one does it: the others wait, look again, and take what it has made.
import { withFileLock } from "../../file-lock.js";
import type { PrepareContext } from "../survey.js";

/** `evaluate` looks first whether it is there by now. `label`: what is evaluated, of which subject. */
export function evaluateInTurn<T>(
  { lock, label }: { lock: string; label: string },
  { signal, onProgress }: Pick<PrepareContext, "signal" | "onProgress">,
  evaluate: () => Promise<T>,
): Promise<T> {
  return withFileLock(lock, evaluate, {
    signal,
    onWait: (pid) => onProgress({ label: `waiting for another ft (process ${pid}) that evaluates ${label}` }),
  });
}
