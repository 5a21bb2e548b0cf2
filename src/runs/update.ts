// What a watcher of a run is told, one thing at a time.
import type { RunEvent } from "./events.js";
import type { RunState } from "./state.js";

export type RunUpdate =
  | { type: "event"; event: RunEvent }
  /** `reason`: why it failed; `waiting`: what its platform says of a queued one. */
  | { type: "state"; state: RunState; reason?: string; waiting?: string }
  /** Whether its target answers. `since`: when it last did, epoch ms of this machine, as `at`; null: it does again. `why`: once that is known. */
  | { type: "silence"; target: string; since: number | null; at: number; why?: string }
  /** Last line of stdout.log. */
  | { type: "log"; line: string };
