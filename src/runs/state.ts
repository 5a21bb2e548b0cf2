// The life of a run as a state machine. Only the store's transition() changes a state, and only along these edges.

export const runStates = [
  "queued",
  "preparing",
  "running",
  "stopping",
  "succeeded",
  "failed",
  "cancelled",
  "lost",
] as const;
export type RunState = (typeof runStates)[number];

/** `resume` takes a finished run back to preparing; a preempted one is queued again; `lost` can come back when its launcher finds it again. */
const edges: Record<RunState, readonly RunState[]> = {
  queued: ["preparing", "stopping", "cancelled", "failed", "lost"],
  preparing: ["queued", "running", "stopping", "succeeded", "failed", "cancelled", "lost"],
  running: ["queued", "stopping", "succeeded", "failed", "cancelled", "lost"],
  stopping: ["queued", "succeeded", "failed", "cancelled", "lost"],
  succeeded: [],
  failed: ["preparing"],
  cancelled: ["preparing"],
  lost: ["queued", "preparing", "running", "stopping", "succeeded", "failed", "cancelled"],
};

export function canMove(from: RunState, to: RunState): boolean {
  return edges[from].includes(to);
}

/** Nothing more will happen by itself. */
export function isFinal(state: RunState): boolean {
  return state === "succeeded" || state === "failed" || state === "cancelled";
}

/** It will train, or does; nobody asked it to stop. */
export function isOnItsWay(state: RunState): boolean {
  return state === "queued" || state === "preparing" || state === "running";
}

/** Its next attempt may begin: it failed, was cancelled, or is lost. */
export function isResumable(state: RunState): boolean {
  return state === "failed" || state === "cancelled" || state === "lost";
}
