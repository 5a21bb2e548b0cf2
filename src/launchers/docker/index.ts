// The docker launcher: the job's supervisor in a container, by docker or podman, on this machine or one that ssh reaches.
import { z } from "zod";
import { FtError } from "../../errors.js";
import type { TargetOf } from "../../recipes/schema/targets.js";
import { attemptName, parseAttemptName } from "../attempt-name.js";
import type { Leftover } from "../contract.js";
import type { Place, Runner, Start } from "../folder/contract.js";
import { callFarEnd } from "../folder/far-end.js";
import { folderLauncher } from "../folder/launcher.js";
import type { Host } from "../hosts/contract.js";
import { within } from "../within.js";
import { inspect, isOver, isUnstarted, lastWords, livenessOf } from "./container.js";
import { ask, type Daemon, tell } from "./daemon.js";
import { idsFor } from "./ids.js";
import { bringImage, imageOf } from "./image.js";
import { mountsFor, removeSecrets } from "./mounts.js";
import { probeDaemon } from "./probe.js";
import { inside, runArgs } from "./run-args.js";
import { whereDaemon } from "./where-daemon.js";

const idSchema = z.object({
  container: z.string(),
  runtime: z.enum(["docker", "podman"]),
  /** Of the daemon, as it was named on its machine when the run began. */
  address: z.string().nullable(),
});
type ContainerId = z.output<typeof idSchema>;
type Target = TargetOf<"docker">;

/** After a kill, ms. */
const killedWithinMs = 10_000;

const dockerRunner: Runner<"docker", ContainerId> = {
  name: "docker",
  idSchema,
  connection: (target) => whereDaemon(target).connection,
  dir: ({ dir }) => dir,
  uses: (target) => ({
    environment: false,
    base: whereDaemon(target).connection === null || target.base === "copy",
  }),
  caches: ({ prepare, dir, hub_cache }) => ({
    environment: prepare,
    env: { FT_CACHE: `${dir}/cache`, HF_HOME: hub_cache },
  }),
  // The image's Python is named to run.py by FT_PYTHON, so that --prepare only looks for the base.
  runArgs: (_target, { job: { gpus } }) => [
    "--prepare",
    ...(gpus > 0 ? ["--gpus", String(gpus), "--leases", inside.leases] : []),
  ],

  async find({ host, job }, attempt) {
    const target = job.target.settings as Target;
    const daemon = daemonOn(host, target);
    const names = await containersOf(daemon, `label=ft.run=${job.id}`);
    const attempts = names.flatMap(({ name }) => parseAttemptName(name)?.attempt ?? []);
    const found = attempt === undefined ? Math.max(...attempts) : attempt;
    if (!attempts.includes(found)) return null;
    return { id: idOf(daemon, attemptName(job.id, found)), attempt: found };
  },

  async start(place, target, start) {
    const daemon = daemonOn(place.host, target);
    const id = idOf(daemon, attemptName(place.job.id, start.attempt));
    if ((await inspect(daemon, id.container)) === null) await run(daemon, place, target, start);
    else await tell(daemon, ["start", id.container]); // made, but whoever made it died before it was started
    return id;
  },

  async liveness(place, id, attempt) {
    const daemon = { host: place.host, ...id };
    const container = await inspect(daemon, id.container);
    const known = livenessOf(container, Date.now(), await lastWords(daemon, id.container, container));
    // A trainer that was killed could not take its secrets away.
    if (known.liveness === "ended") await removeSecrets(place, place.job.id, attempt);
    return known;
  },

  async stop(place, id, graceMs) {
    const daemon = { host: place.host, ...id };
    // One that was never started takes no signal.
    if (isUnstarted(await inspect(daemon, id.container))) await ask(daemon, ["rm", "--force", id.container]);
    if (!(await isGone(daemon, id, 0))) {
      await ask(daemon, ["kill", "--signal", "TERM", id.container]);
      if (!(await isGone(daemon, id, graceMs))) {
        await ask(daemon, ["kill", "--signal", "KILL", id.container]);
        if (!(await isGone(daemon, id, killedWithinMs))) throw notStopped(place.host, id);
      }
    }
    const { run, attempt } = parseAttemptName(id.container)!;
    await removeSecrets(place, run, attempt);
  },

  async tidy(place, id) {
    const daemon = { host: place.host, ...id };
    if (!isOver(await inspect(daemon, id.container))) return;
    await ask(daemon, ["rm", id.container]);
    const { run, attempt } = parseAttemptName(id.container)!;
    await removeSecrets(place, run, attempt);
  },

  probe: (host, target, wanted) =>
    probeDaemon(host, daemonOn(host, target), { target, caches: dockerRunner.caches(target), wanted }),

  async leftovers(host, target): Promise<Leftover[]> {
    const daemon = daemonOn(host, target);
    const found = await containersOf(daemon, "label=ft.run");
    return found.flatMap(({ id, name, state }) => {
      const parts = parseAttemptName(name);
      if (parts === null) return [];
      const isAlive = /^(Up|Restarting|Paused)/.test(state);
      return [{ ...parts, what: `container ${name} (${state})`, isAlive, identity: id, handle: idOf(daemon, name) }];
    });
  },

  async end(host, target, { run, attempt, handle }) {
    const id = idSchema.parse(handle);
    const daemon = { host, ...id };
    await ask(daemon, ["rm", "--force", id.container]);
    if (!(await isGone(daemon, id, killedWithinMs))) throw notStopped(host, id);
    const { python } = target;
    const call = {
      host,
      python,
      command: "where",
      args: [target.dir, "runs", run],
      answer: z.object({ path: z.string() }),
    };
    const dir = host.isHere ? "" : (await callFarEnd(call)).answer.path;
    await removeSecrets({ host, python, dir }, run, attempt);
  },
};

export const dockerLauncher = folderLauncher(dockerRunner);

function daemonOn(host: Host, target: Target): Daemon {
  return { host, runtime: target.runtime, address: whereDaemon(target).address };
}

function idOf({ runtime, address }: Daemon, container: string): ContainerId {
  return { container, runtime, address };
}

async function run(daemon: Daemon, place: Place, target: Target, start: Start): Promise<void> {
  const { job } = place;
  const image = imageOf(target, job);
  await bringImage(daemon, target, image, { ...start, job });
  const ids = await idsFor(daemon, target);
  const { mounts, env, args } = await mountsFor(place, target, start);
  const facts = {
    run: job.id,
    attempt: start.attempt,
    project: job.name,
    gpus: job.gpus,
    image,
    target,
    ids,
    mounts,
    // An image that turns out to lack the engine is named by the trainer's own failure.
    env: target.prepare ? env : { ...env, FT_IMAGE: image },
  };
  const { ok, words } = await ask(daemon, runArgs({ ...facts, args: [...start.args, ...args] }), 300_000);
  if (ok) return;
  const name = attemptName(job.id, start.attempt);
  if (/is already in use/.test(words)) return; // another ft was quicker: the container has its name from this attempt
  await ask(daemon, ["rm", "--force", name]); // made, but it could not be started
  await removeSecrets(place, job.id, start.attempt);
  throw new FtError({
    code: "launcher.not-started",
    exit: "environment",
    message: `${daemon.runtime} on ${daemon.host.label} could not start the container of ${image}`,
    why: words,
    next: `mend what it says (\`ft doctor --on ${job.target.name}\` asks the machine), then: ft runs resume ${job.id}`,
  });
}

async function containersOf(daemon: Daemon, filter: string): Promise<{ id: string; name: string; state: string }[]> {
  const format = "{{.ID}}\t{{.Names}}\t{{.Status}}";
  const listed = await tell(daemon, ["ps", "--all", "--no-trunc", "--filter", filter, "--format", format]);
  return listed
    .split("\n")
    .filter(Boolean)
    .map((line) => {
      const [id = "", name = "", state = ""] = line.split("\t");
      return { id, name, state };
    });
}

function isGone(daemon: Daemon, id: ContainerId, limitMs: number): Promise<boolean> {
  return within(limitMs, 200, async () => isOver(await inspect(daemon, id.container)));
}

function notStopped(host: Host, { container, runtime }: ContainerId): FtError {
  return new FtError({
    code: "launcher.not-stopped",
    exit: "environment",
    message: `the container ${container} on ${host.label} does not end, not even on SIGKILL`,
    why: "a process in it is stuck in the kernel, often in a driver or on a network disk",
    next: `look at it there with \`${runtime} top ${container}\`; the run is found again when it ends`,
  });
}
