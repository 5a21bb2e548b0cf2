// What a watcher of a run is told, one thing at a time.
import type { RunEvent } from "./events.js";
import type { RunState } from "./state.js";

export type RunUpdate =
  | { type: "event"; event: RunEvent }
  /** `reason`: why it failed; `waiting`: what its platform says of a queued one. */
  | { type: "state"; state: RunState; reason?: string; waiting?: string }
  /** Last line of stdout.log. */
  | { type: "log"; line: string };
