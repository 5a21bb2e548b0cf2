// The file `cancel` in a run's folder: a person asked its attempt to stop. Whoever rebuilds the store, which is only an index, knows it by that.
import { existsSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const file = "cancel";

export function markCancelled(dir: string): void {
  if (existsSync(dir)) writeFileSync(join(dir, file), ""); // a run whose folder was deleted has no store to be rebuilt from
}

/** The run goes on. */
export function unmarkCancelled(dir: string): void {
  rmSync(join(dir, file), { force: true });
}

/** Epoch ms; null: nobody asked. */
export function cancelledAt(dir: string): number | null {
  const stat = statSync(join(dir, file), { throwIfNoEntry: false });
  return stat ? Math.round(stat.mtimeMs) : null;
}
