// One look at a run that is elsewhere: the home folder is brought up to date, then read.
import type { Ending, EventsPosition, Liveness, Observation } from "./contract.js";
import { readEvents } from "./read-events.js";

/** `ask` brings events home and says how the attempt stands; a target that does not answer makes it `unknown`, and what is at home is read. */
export async function lookHome(
  home: string,
  from: EventsPosition,
  ask: () => Promise<{ liveness: Liveness; reason?: string; ending?: Ending }>,
): Promise<Observation> {
  const state = await ask().catch((error: { code?: string; why?: string; message: string }) => {
    if (error.code !== "launcher.unreachable") throw error;
    return { liveness: "unknown" as const, reason: error.why ?? error.message };
  });
  return { ...readEvents(home, from), ...state };
}
