// A small pod with the claim mounted, through which ft reads and writes run folders. It asks for no GPU and ends by itself.
import { createHash } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { FtError } from "../../errors.js";
import type { KubernetesTarget } from "../../recipes/schema/targets/kubernetes.js";
import type { Conversation, Host, RunResult } from "../hosts/contract.js";
import { runProgram, talkTo } from "../hosts/this-machine.js";
import { failure, kubectl, kubectlCommand, labelOf } from "./kubectl.js";
import { ownLabel } from "./names.js";
import type { Manifest } from "./render-manifests.js";
import { containerSecurity, identity, placement } from "./render-pod.js";
import { containersOf, listSchema, told, whyWaiting } from "./state.js";
import { lastWarning } from "./why-held.js";

/** Whoever still needs it makes it again; what it was cut off from is gone on with. */
const livesSeconds = 2 * 3600;
const readyWithinMs = 300_000;
const runTimeoutMs = 120_000;

/** A Job, as its pod then goes away by itself, and is found by a name. */
function renderFilesJob(target: KubernetesTarget): Manifest {
  const { image, claim, dir, python } = target;
  const key = JSON.stringify([
    image,
    claim,
    dir,
    python,
    identity(target),
    containerSecurity(target),
    placement(target),
  ]);
  const name = `ft-files-${createHash("sha256").update(key).digest("hex").slice(0, 10)}`;
  return {
    apiVersion: "batch/v1",
    kind: "Job",
    metadata: { name, labels: ownLabel },
    spec: {
      backoffLimit: 3,
      activeDeadlineSeconds: livesSeconds,
      ttlSecondsAfterFinished: 60,
      template: {
        metadata: { labels: ownLabel },
        spec: {
          restartPolicy: "Never",
          terminationGracePeriodSeconds: 1,
          enableServiceLinks: false,
          ...placement(target),
          ...identity(target),
          containers: [
            {
              name: "files",
              image,
              command: [python, "-c", `import time; time.sleep(${livesSeconds})`],
              resources: { requests: { cpu: "100m", memory: "128M" }, limits: { memory: "1G" } },
              securityContext: containerSecurity(target),
              volumeMounts: [{ name: "claim", mountPath: dir }],
            },
          ],
          volumes: [{ name: "claim", persistentVolumeClaim: { claimName: claim } }],
        },
      },
    },
  };
}

/** The claim as a host on which programs run and files lie. */
export function filesPod(target: KubernetesTarget): Host {
  const job = renderFilesJob(target);
  let ready: Promise<void> | null = null;
  const command = (argv: readonly string[]) =>
    kubectlCommand(target, ["exec", "--stdin", `job/${job.metadata.name}`, "--container", "files", "--", ...argv]);
  const prepare = () => {
    ready ??= ensureReady(target, job).catch((error) => {
      ready = null; // whoever asks next looks again
      throw asSilence(error);
    });
    return ready;
  };
  const judge = (result: RunResult): RunResult => {
    const ended = endedInside(result);
    if (ended) return ended;
    ready = null;
    throw failure(target, result);
  };
  return {
    label: labelOf(target),
    isHere: false,
    async run(argv, options) {
      await prepare();
      const once = async () => runProgram(command(argv), { timeoutMs: runTimeoutMs, ...options }, labelOf(target));
      const first = await once();
      if (endedInside(first)) return judge(first);
      ready = null; // the pod may have ended since it was found ready: once more, with a new one
      await prepare();
      return judge(await once());
    },
    talk(argv, options): Conversation {
      const talk = talkTo(command(argv), options);
      const ended = talk.ended.then(judge);
      ended.catch(() => undefined); // whoever waits for it hears of it; who ended it from here does not
      return { ...talk, ended };
    },
  };
}

/**
 * Returns when the pod is there, for a run that is still to be handed over. Throws FtError (environment) launcher.no-image, launcher.no-pod;
 * a person who ends the wait leaves no pod.
 */
export async function awaitFilesPod(target: KubernetesTarget, signal?: AbortSignal): Promise<void> {
  return ensureReady(target, renderFilesJob(target), signal);
}

/** To a run that has begun a pod that does not start is a machine that does not answer: no news of it. */
function asSilence(error: unknown): unknown {
  if (!(error instanceof FtError) || !["launcher.no-image", "launcher.no-pod"].includes(error.code)) return error;
  const { message, why, next } = error;
  return new FtError({ code: "launcher.unreachable", exit: "environment", message, why, next });
}

/** The result of the program in the pod, without what kubectl says of it; null: kubectl itself failed. */
function endedInside(result: RunResult): RunResult | null {
  if (result.exitCode === 0) return result;
  const told = /(^|\n)command terminated with exit code (\d+)\s*$/.exec(result.stderr);
  return told && { ...result, exitCode: Number(told[2]), stderr: result.stderr.slice(0, told.index + told[1]!.length) };
}

async function ensureReady(target: KubernetesTarget, job: Manifest, signal?: AbortSignal): Promise<void> {
  const { name } = job.metadata;
  let isOurs = false;
  const wait = async () => {
    for (const deadline = performance.now() + readyWithinMs; ; await sleep(1000, undefined, { signal })) {
      const asked = ["get", "job", name, "--output", "json"];
      const shown = await kubectl(target, asked, { expected: ["NotFound"], signal });
      const status = shown.exitCode === 0 ? (JSON.parse(text(shown)) as { status?: JobStatus }).status : null;
      const isOver = status?.conditions?.some(
        ({ type, status }) => /^(Complete|Failed)$/.test(type) && status === "True",
      );
      if (status !== null && !isOver && (status?.ready ?? 0) > 0) return;
      const why = status === null || (isOver && !isOurs) ? null : await whyNotReady(target, name);
      if (isOver) await kubectl(target, ["delete", "job", name, "--cascade=foreground"], { expected: ["NotFound"] });
      if (why && (isOver || hopeless.test(why))) throw notReady(target, name, why);
      if (performance.now() >= deadline) throw notReady(target, name, why);
      if (status === null) {
        isOurs = true;
        const options = { input: JSON.stringify(job), expected: ["AlreadyExists"], signal };
        isOurs = (await kubectl(target, ["create", "--filename", "-"], options)).exitCode === 0;
      }
    }
  };
  await wait().catch(async (error) => {
    // Another ft that waits for it makes it again.
    const remove = ["delete", "job", name, "--cascade=foreground", "--wait=false"];
    if (signal?.aborted && isOurs) await kubectl(target, remove, { expected: ["NotFound"] });
    signal?.throwIfAborted();
    throw error;
  });
}

interface JobStatus {
  ready?: number;
  conditions?: { type: string; status: string }[];
}

/** In Kubernetes' words; null: it says nothing. */
async function whyNotReady(target: KubernetesTarget, name: string): Promise<string | null> {
  const found = await kubectl(target, ["get", "pods", "--selector", `job-name=${name}`, "--output", "json"]);
  const pods = listSchema.parse(JSON.parse(text(found))).items;
  const ended = pods.flatMap(containersOf).findLast(({ exitCode }) => exitCode !== 0);
  const words = pods.map(whyWaiting).find((why) => why !== null) ?? (ended ? told(ended) : null);
  return words && !/^(ContainerCreating|PodInitializing)\b/.test(words.reason)
    ? words.reason
    : lastWarning(target, name);
}

/** What no waiting mends. */
const hopeless =
  /^(ImagePullBackOff|InvalidImageName|ErrImageNeverPull|CreateContainer\w*Error|RunContainerError)|persistentvolumeclaim ".*" not found|is forbidden: /;

function text({ stdout }: RunResult): string {
  return Buffer.from(stdout).toString("utf8");
}

/** What the cluster's words mean, and what a person does about it. */
const faults = [
  {
    says: /^(ImagePullBackOff|ErrImage\w+|InvalidImageName)/,
    what: "its image cannot be pulled",
    code: "launcher.no-image",
    next: "mend the target's `image`, or name its registry's login in `image_pull_secret`",
  },
  {
    says: /^(CreateContainer\w*Error|RunContainerError|StartError|ContainerCannotRun)/,
    what: "its image cannot run it",
    code: "launcher.no-image",
    next: "mend the target's `image`, or `python`",
  },
  {
    says: /persistentvolumeclaim|^Failed(Mount|AttachVolume)/,
    what: "its claim cannot be mounted",
    code: "launcher.no-pod",
    next: "mend the target's `claim`: it must be there, bound, and one that several pods may mount",
  },
  {
    says: /exceeded quota/,
    what: "the namespace's quota leaves no room for it",
    code: "launcher.no-pod",
    next: "wait until others are done, or ask whoever runs the cluster for more: it needs 0.1 CPU and 128 MB",
  },
  {
    says: /is forbidden: /,
    what: "the namespace's policy forbids it",
    code: "launcher.no-pod",
    next: "`ft doctor --on <target>` says what is asked for; the target's `user` above 0 passes the strictest standard",
  },
  {
    says: /^Unschedulable/,
    what: "no node takes it",
    code: "launcher.no-pod",
    next: "mend the target's `node_selector` or `tolerations`, or wait for room",
  },
];

function notReady(target: KubernetesTarget, name: string, why: string | null): FtError {
  const fault = faults.find(({ says }) => why !== null && says.test(why));
  return new FtError({
    code: fault?.code ?? "launcher.no-pod",
    exit: "environment",
    message: `the pod for the run's files does not start on ${labelOf(target)}${fault ? `: ${fault.what}` : ""}`,
    why: why ?? `job ${name} has no ready pod after ${readyWithinMs / 60_000} minutes`,
    next: `${fault?.next ?? "mend what that names"}; kubectl describe pods --selector job-name=${name} says all`,
  });
}
