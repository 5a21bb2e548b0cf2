// Brings runs in the store up to what their launchers know. Every command that shows runs does it first, so a crash of ft loses nothing.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { FtError } from "../errors.js";
import { isLocked } from "../file-lock.js";
import { type EventsPosition, type Launcher, type Observation, submitLock } from "../launchers/contract.js";
import { loadLauncher } from "../launchers/index.js";
import { chunkBytes } from "../launchers/read-events.js";
import { runsDir } from "../paths.js";
import { ingest, preempted } from "../runs/ingest.js";
import {
  getRun,
  listRuns,
  noteReason,
  type Run,
  setFailure,
  setHandle,
  stateChanges,
  stoppedBeforeItBegan,
  transition,
} from "../runs/run-store.js";
import { canMove, isFinal } from "../runs/state.js";
import type { Store } from "../store/open.js";

/** How long an attempt may have no trainer to be found, after ft wrote it down and no ft submits it any more, before it counts as lost, ms. */
const submitGraceMs = 10_000;

/** All at the same time, as each may wait for another machine. What could not be asked comes back as sentences. */
export async function reconcileAll(store: Store, projectDir: string, now: number): Promise<string[]> {
  const problems = listRuns(store)
    .filter(({ state }) => !isFinal(state))
    .map(async ({ id, target }) => {
      const silences: string[] = [];
      try {
        await reconcile(store, projectDir, id, now, (why) =>
          silences.push(`run ${id}: ${why}; shown as it was last seen`),
        );
        return silences;
      } catch (error) {
        if (!(error instanceof FtError)) throw error;
        return [`run ${id} on ${target}: ${error.message}${error.why ? ` (${error.why})` : ""}`];
      }
    });
  return (await Promise.all(problems)).flat();
}

/**
 * One look: takes in all new events, then judges a trainer that is no longer there. Returns the run as it is now. A target that does not
 * answer changes nothing: that is no news of the run. Throws FtError launcher.* for one that answers with an error.
 */
export async function reconcile(
  store: Store,
  projectDir: string,
  id: string,
  now: number,
  onSilence: (what: string, why?: string) => void = () => {},
): Promise<Run> {
  const run = getRun(store, id);
  const launcher = await loadLauncher(run.launcher);
  const dir = join(runsDir(projectDir), id);
  const handle = await handleOf(store, launcher, run, dir);
  if (handle === "unreachable") {
    onSilence(`${run.target} does not answer`);
    return run;
  }
  if (handle === null) {
    const since = stateChanges(store, id).at(-1)?.at ?? run.createdAt;
    const isOpen = run.state !== "lost" && !isFinal(run.state);
    if (isOpen && now - since > submitGraceMs && !(await isLocked(join(dir, submitLock)))) {
      transition(store, id, "lost", now, "no trainer was found for it");
    }
    return getRun(store, id);
  }
  const look = await takeEvents(store, launcher, id, handle);
  const { liveness, reason } = look;
  if (liveness === "gone" || liveness === "ended") judgeGone(store, id, now, look);
  if (liveness === "unknown") onSilence(`${run.target} does not answer${reason ? `: ${reason}` : ""}`, reason);
  if (liveness === "queued") judgeQueued(store, id, now, reason);
  return getRun(store, id);
}

/** The platform holds it back, or has taken its machine away and starts it again elsewhere. */
function judgeQueued(store: Store, id: string, now: number, reason?: string): void {
  const { state } = getRun(store, id);
  const told = stateChanges(store, id).at(-1)?.reason;
  if (state === "queued" && reason && told !== reason && told !== preempted) noteReason(store, id, reason);
  else if (state !== "queued" && state !== "stopping" && canMove(state, "queued"))
    transition(store, id, "queued", now, reason ?? null);
}

/**
 * Reads until nothing new is there, and returns that last look: what was written before a death is then all read, and a `queued` was asked
 * after all that the run has written. Of a run that writes on only what was there: a look may take longer than its next step.
 */
export async function takeEvents(store: Store, launcher: Launcher<unknown>, id: string, handle: unknown) {
  for (;;) {
    const look = await launcher.observe(handle, getRun(store, id).ingested);
    if (isNothingNew(look)) return look;
    const taken = ingest(store, id, look);
    const mayWriteOn = look.liveness === "running" || look.liveness === "unknown";
    if (mayWriteOn && look.bytes.length < chunkBytes) return look;
    if (taken === 0 && !isOvertaken(look, getRun(store, id).ingested)) return look;
  }
}

function isNothingNew({ bytes }: Observation): boolean {
  return bytes.length === 0;
}

/** Another process took these bytes in meanwhile, perhaps not all of them. */
function isOvertaken({ inode, offset }: Observation, ingested: EventsPosition): boolean {
  return ingested.inode === inode && ingested.offset !== offset;
}

/** How an attempt that is no longer there ended, in its platform's words. */
type Ended = Pick<Observation, "reason" | "limit" | "ending">;

/** The trainer is no longer there, and did not say `end`: it was killed, or its platform stopped it. */
function judgeGone(store: Store, id: string, now: number, look: Ended): void {
  const run = getRun(store, id);
  if (isFinal(run.state)) return;
  if (run.state === "stopping") {
    const how = look.reason
      ? `it ended without a last word: ${look.reason}`
      : "it did not end when asked to, and was killed";
    transition(store, id, "cancelled", now, run.phase === null ? stoppedBeforeItBegan : how);
    return;
  }
  const wasStopped = run.state === "queued" && stateChanges(store, id).at(-1)?.reason === preempted;
  setFailure(store, id, whyGone(run, look, wasStopped));
  transition(store, id, "failed", now, "the trainer is gone");
}

/** `wasStopped`: its last words were that it was asked to stop. */
function whyGone(
  { id, target, phase }: Run,
  { reason, limit, ending }: Ended,
  wasStopped: boolean,
): NonNullable<Run["failure"]> {
  const words = reason ? `: ${reason}` : "";
  if (limit) {
    return {
      class: "time-limit",
      message: `the time limit of ${target} was reached${words}`,
      hint: `resumed it goes on for as long again; to give it longer raise ${limit} of ${target}, then \`ft runs resume ${id} --on ${target}\``,
    };
  }
  if (wasStopped) {
    return {
      class: "killed",
      message: `${target} asked it to stop, and did not start it again${words}`,
      hint: ending?.hint ?? "often a time limit of the platform or its queue",
    };
  }
  const kind = ending?.class ?? "killed";
  const first = ending?.hint ?? (kind === "killed" ? "often the out-of-memory killer" : null);
  return {
    class: kind,
    message: `the trainer ${phase === null ? "never said a word" : "is gone without a word"}: ${reason ?? "it was killed, or the machine went down"}`,
    hint: first,
  };
}

/** The stored handle, or that of a trainer whose ft died before it could store it. */
async function handleOf(store: Store, launcher: Launcher<unknown>, run: Run, dir: string): Promise<unknown> {
  if (run.handle !== null) return launcher.parseHandle(run.handle);
  if (!existsSync(join(dir, "job.json"))) return null;
  try {
    const found = await launcher.find(dir, run.attempt);
    if (found !== null) setHandle(store, run, found);
    return found;
  } catch (error) {
    if ((error as { code?: string }).code === "launcher.unreachable") return "unreachable";
    throw error;
  }
}
