// A launcher out of a runner: the job folder goes to the runner's machine (or stays, where that is this one), its events come home, its results too.
import { posix } from "node:path";
import { z } from "zod";
import type { LauncherName, Target, TargetOf } from "../../recipes/schema/targets.js";
import type { Job } from "../../runs/job.js";
import { readJob } from "../../runs/job-file.js";
import { baseAtHome } from "../base-link.js";
import {
  type EventsPosition,
  type Group,
  type Launcher,
  type Leftover,
  type Liveness,
  type Observation,
  type Submission,
  submitLock,
} from "../contract.js";
import { hostOf, type Reach, reachSchema } from "../hosts/index.js";
import { submitInTurn } from "../in-turn.js";
import { lookHome } from "../look-home.js";
import type { Place, Runner, Start } from "./contract.js";
import { callFarEnd, nothing } from "./far-end.js";
import { logPosition, mirrorEvents, mirroredEvents, mirrorLog } from "./mirror.js";
import { pullFiles } from "./pull.js";
import { preparePush } from "./push.js";
import { type Caches, requireRoom } from "./room.js";
import { placeSecrets, removeSecrets } from "./secrets.js";

/** What is stored of an attempt; with it a later ft finds all again, whatever became of targets.yaml. */
export interface FolderHandle<Id> {
  /** The home folder. */
  home: string;
  attempt: number;
  connection: Reach | null;
  python: string;
  /** The job folder on that machine. */
  dir: string;
  id: Id;
}

const eventBytes = 4 << 20;
const logBytes = 256 << 10;
/** Of a folder with many checkpoints on a slow disk. */
const removeTimeoutMs = 600_000;

const foldersSchema = z.object({
  runs: z.array(
    z.object({ run: z.string(), supervisor: z.object({ attempt: z.int() }).nullable(), identity: z.string() }),
  ),
});

const silent = () => undefined;
const isOver = (liveness: Liveness) => liveness === "ended" || liveness === "gone";

export function folderLauncher<Name extends LauncherName, Id>(runner: Runner<Name, Id>): Launcher<FolderHandle<Id>> {
  /** An attempt that may be started. */
  interface Ready {
    place: Place;
    target: TargetOf<Name>;
    start: Start;
    handle: Omit<FolderHandle<Id>, "id">;
  }

  const handleSchema = z.object({
    home: z.string(),
    attempt: z.int(),
    connection: reachSchema.nullable(),
    python: z.string(),
    dir: z.string(),
    id: runner.idSchema,
  });
  const placed = (handle: FolderHandle<Id>): Place => ({
    host: hostOf(handle.connection),
    python: handle.python,
    dir: handle.dir,
    base: null,
    job: readJob(handle.home),
  });

  async function find(home: string, attempt?: number): Promise<FolderHandle<Id> | null> {
    const job = readJob(home);
    const { connection, python, place } = await placeOf(home, job);
    const found = await runner.find(place, attempt);
    return found && { home, attempt: found.attempt, connection, python, dir: place.dir, id: found.id };
  }

  async function placeOf(home: string, job: Job) {
    const target = job.target.settings as TargetOf<Name>;
    const connection = await runner.connection(target);
    const host = hostOf(connection);
    const python = pythonOf(target);
    const dir = host.isHere ? home : await farDir(host, python, runner.dir(target), "runs", job.id);
    const place: Place = { host, python, dir, base: host.isHere ? baseAtHome(home) : null, job };
    return { target, connection, python, place };
  }

  async function submit(submission: Submission): Promise<FolderHandle<Id>> {
    // Two terminals that submit the same attempt do it one after the other: the second one finds it.
    return submitInTurn(submission, async () => {
      const before = await submittedBefore(submission);
      if (before) return before;
      const ready = await makeReady(submission);
      const id = await runner
        .start(ready.place, ready.target, ready.start)
        .catch((error) => takeSecretsBack([ready], error));
      return { ...ready.handle, id };
    });
  }

  async function submitTogether(submissions: readonly Submission[], group: Group): Promise<FolderHandle<Id>[]> {
    const before = new Map<Submission, FolderHandle<Id>>();
    for (const submission of submissions) {
      const found = await submittedBefore(submission);
      if (found) before.set(submission, found);
    }
    const fresh = submissions.filter((submission) => !before.has(submission));
    const ready: Ready[] = [];
    const startAll = async () => {
      for (const submission of fresh) {
        submission.signal?.throwIfAborted();
        ready.push(await makeReady(submission));
      }
      return ready.length === 0 ? [] : runner.startTogether!(ready, ready[0]!.target, group);
    };
    const ids = await startAll().catch((error) => takeSecretsBack(ready, error));
    return submissions.map(
      (submission) =>
        before.get(submission) ?? { ...ready[fresh.indexOf(submission)]!.handle, id: ids[fresh.indexOf(submission)]! },
    );
  }

  async function submittedBefore({ dir: home, attempt }: Submission): Promise<FolderHandle<Id> | null> {
    const before = await find(home, attempt);
    if (before === null) return null;
    return (await runner.liveness(placed(before), before.id, attempt, 0)).liveness === "gone" ? null : before;
  }

  /** The folder in its place, with all that a start needs. */
  async function makeReady(submission: Submission): Promise<Ready> {
    const { dir: home, job, attempt, resume, secrets } = submission;
    const { target, connection, python, place } = await placeOf(home, job);
    if (!place.host.isHere)
      place.base = await bringFolder(place, runner.dir(target), runner.caches(target), submission);
    const start = {
      attempt,
      args: ["--attempt", String(attempt), ...(resume ? ["--resume"] : []), ...runner.runArgs(target, place)],
      python: place.host.isHere ? submission.python : null,
      env: envOf(target),
      onProgress: submission.onProgress,
      signal: submission.signal,
      ...(runner.keepsSecrets
        ? { secretsFile: null, secrets }
        : { secretsFile: await placeSecrets(place, attempt, secrets), secrets: {} }),
    };
    return { place, target, start, handle: { home, attempt, connection, python, dir: place.dir } };
  }

  /** Nothing will read them. After a silence something may: then they go with the end of the attempt. */
  async function takeSecretsBack(ready: readonly Ready[], error: unknown): Promise<never> {
    if ((error as { code?: string }).code !== "launcher.unreachable") {
      for (const { place, start } of ready)
        if (start.secretsFile !== null) await removeSecrets(place, start.attempt).catch(() => undefined);
    }
    throw error;
  }

  async function observe(handle: FolderHandle<Id>, from: EventsPosition): Promise<Observation> {
    const place = placed(handle);
    return lookHome(handle.home, from, async () => {
      const known = await runner.liveness(place, handle.id, handle.attempt, mirroredEvents(handle.home));
      if (!place.host.isHere) await bringEvents(place, handle.home);
      // A trainer that was killed could not take its secrets away.
      if (isOver(known.liveness) && !runner.keepsSecrets) await removeSecrets(place, handle.attempt);
      return known;
    });
  }

  async function cancel(handle: FolderHandle<Id>, graceMs: number): Promise<void> {
    const place = placed(handle);
    await runner.stop(place, handle.id, graceMs);
    if (!runner.keepsSecrets) await removeSecrets(place, handle.attempt);
  }

  /** Checkpoints too: a run that ended early goes on from them, elsewhere if need be. */
  async function collect(handle: FolderHandle<Id>, signal?: AbortSignal): Promise<void> {
    const place = placed(handle);
    if (!place.host.isHere) {
      await bringEvents(place, handle.home);
      const takes = (path: string) => path.startsWith("out/") || ["spent.json", "supervisor.json"].includes(path);
      await pullFiles(place, handle.home, { takes, onProgress: silent, signal });
    }
    await runner.tidy?.(place, handle.id);
  }

  async function folders(target: Target): Promise<Leftover[]> {
    const host = await hostFor(target);
    if (host.isHere) return []; // they are the projects' own
    const [python, dir] = [pythonOf(target as TargetOf<Name>), runner.dir(target as TargetOf<Name>)];
    const { answer } = await callFarEnd({ host, python, command: "runs", args: [dir], answer: foldersSchema });
    return answer.runs.map(({ run, supervisor, identity }) => ({
      ...{ run, attempt: supervisor?.attempt ?? 0, isAlive: false, identity, handle: null },
      what: `its folder on ${host.label}`,
    }));
  }

  async function end(target: Target, leftover: Leftover): Promise<void> {
    const [host, settings] = [await hostFor(target), target as TargetOf<Name>];
    if (leftover.handle !== null) return runner.end(host, settings, leftover);
    const args = [runner.dir(settings), leftover.run];
    const python = pythonOf(settings);
    await callFarEnd({ host, python, command: "remove", args, answer: nothing, timeoutMs: removeTimeoutMs });
  }

  return {
    name: runner.name,
    parseHandle: (stored) => handleSchema.parse(stored) as FolderHandle<Id>,
    find,
    submit,
    ...(runner.startTogether ? { submitTogether } : {}),
    observe,
    cancel,
    collect,
    uses: (target) => runner.uses(target as TargetOf<Name>),
    probe: async (target, wanted) => runner.probe(await hostFor(target), target as TargetOf<Name>, wanted),
    leftovers: async (target) => runner.leftovers(await hostFor(target), target as TargetOf<Name>),
    folders,
    end,
  };

  async function hostFor(target: Target) {
    return hostOf(await runner.connection(target as TargetOf<Name>));
  }
}

/** What a job folder needs on another machine. What only the far side writes is not sent over what it wrote. */
function goesAlong(path: string, resume: boolean): boolean {
  if (path.startsWith("model/") || path.startsWith("cache/")) return false;
  if (["events.reserve", submitLock, "stdout.log", "stdout.position", "COMPLETE", "cancel"].includes(path))
    return false;
  if (["supervisor.json", "spent.json", "events.jsonl"].includes(path)) return resume;
  return resume || !path.startsWith("out/");
}

/** Returns where the base lies there; null: it is fetched there. */
async function bringFolder(
  place: Place,
  root: string,
  caches: Caches,
  { dir: home, resume, onProgress, signal }: Submission,
): Promise<string | null> {
  const { host, python, dir, job } = place;
  const target = job.target.settings;
  const options = { onProgress, signal };
  const folder = await preparePush(
    home,
    { host, python, dir },
    { ...options, takes: (path) => goesAlong(path, resume) },
  );
  const base = baseAtHome(home);
  const isFetched = base === null || (job.model.hub && !("base" in target && target.base === "copy"));
  const there = isFetched
    ? null
    : await farDir(host, python, root, "bases", job.model.revision.replaceAll(/[^\w.-]/g, "_"));
  const weights =
    there && base && (await preparePush(base, { host, python, dir: there }, { ...options, isNamedByContent: true }));
  const copied = folder.bytes + (weights ? weights.bytes : 0);
  await requireRoom({ ...place, base: there }, home, caches, { copied, resume });
  await folder.send();
  if (!weights) return null;
  await weights.send();
  await callFarEnd({ host, python, command: "link", args: [dir, "model", there!], answer: nothing });
  return there;
}

const lookSchema = z.object({
  events: z.object({ bytes: z.int().nonnegative(), size: z.int().nonnegative() }),
  log: z.object({ bytes: z.int().nonnegative(), from: z.int().nonnegative() }),
});

/** Takes over all that is new of events.jsonl, and of stdout.log as much as a look holds. */
async function bringEvents(place: Place, home: string): Promise<void> {
  for (let more = true; more; ) {
    const offset = mirroredEvents(home);
    const args = [place.dir, offset, eventBytes, logPosition(home), logBytes];
    const { answer, rest } = await callFarEnd({ ...place, command: "look", args, answer: lookSchema });
    const { events, log } = answer;
    mirrorEvents(home, offset, rest.subarray(0, events.bytes));
    mirrorLog(home, { from: log.from, bytes: rest.subarray(events.bytes, events.bytes + log.bytes) });
    more = events.bytes > 0 && offset + events.bytes < events.size;
  }
}

const whereSchema = z.object({ path: z.string().startsWith("/") });

const roots = new WeakMap<Place["host"], Map<string, Promise<string>>>();

/** Asked once for each machine: where `~` is does not change. */
async function farDir(host: Place["host"], python: string, root: string, ...names: string[]): Promise<string> {
  const known = roots.get(host) ?? new Map<string, Promise<string>>();
  roots.set(host, known);
  const call = { host, python, command: "where", args: [root], answer: whereSchema };
  const path = known.get(root) ?? callFarEnd(call).then(({ answer }) => answer.path);
  known.set(root, path);
  try {
    return posix.join(await path, ...names);
  } catch (error) {
    known.delete(root);
    throw error;
  }
}

function pythonOf(target: object): string {
  return "python" in target && typeof target.python === "string" ? target.python : "python3";
}

function envOf(target: object): Record<string, string> {
  return "env" in target ? (target.env as Record<string, string>) : {};
}
