// Waiting for a platform: asked again and again, as none of them tells by itself.
import { setTimeout as sleep } from "node:timers/promises";

/** True as soon as `isSo`, which is asked every `everyMs`; false when it is not after `limitMs`. It is asked once at least. */
export async function within(limitMs: number, everyMs: number, isSo: () => Promise<boolean>): Promise<boolean> {
  for (const deadline = performance.now() + limitMs; ; await sleep(everyMs)) {
    if (await isSo()) return true;
    if (performance.now() >= deadline) return false;
  }
}
