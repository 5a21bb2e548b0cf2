// The command line that starts a run's container: pure, and without a secret in it.
import type { TargetOf } from "../../recipes/schema/targets.js";
import { attemptName } from "../attempt-name.js";
import type { Ids } from "./ids.js";

/** A folder of the machine, and where the container sees it. */
export interface Mount {
  source: string;
  target: string;
  isReadOnly?: boolean;
}

export interface RunFacts {
  run: string;
  attempt: number;
  /** Recipe's name. */
  project: string;
  /** That train together; 0: on the CPU. */
  gpus: number;
  image: string;
  target: TargetOf<"docker">;
  ids: Ids;
  mounts: readonly Mount[];
  env: Readonly<Record<string, string>>;
  /** Of run.py. */
  args: readonly string[];
}

/** Where things are in a container. */
export const inside = {
  job: "/job",
  leases: "/ft/leases",
  secrets: "/ft/secrets",
  hub: "/ft/hub",
  cache: "/ft/cache",
} as const;

/** What docker itself waits at the machine's shutdown before it kills: a checkpoint of a large model takes minutes. */
const stopSeconds = 300;

export function runArgs(facts: RunFacts): string[] {
  const { run, attempt, project, target, image, ids, mounts, env, args } = facts;
  return [
    "run",
    "--detach",
    ...["--name", attemptName(run, attempt)],
    ...["--label", `ft.run=${run}`, "--label", `ft.attempt=${attempt}`, "--label", `ft.project=${project}`],
    ...["--pull", "never"], // it is there by now
    "--init",
    ...["--stop-timeout", String(stopSeconds)],
    ...["--log-opt", "max-size=10m"],
    ...(target.shm === "host" ? ["--ipc", "host"] : ["--shm-size", target.shm]),
    ...(facts.gpus > 0 && !ids.isRootless ? ["--ulimit", "memlock=-1:-1"] : []), // memory that GPUs and network cards read is pinned
    ...(target.memory ? ["--memory", target.memory, "--memory-swap", target.memory] : []),
    ...(target.network ? ["--network", target.network] : []),
    ...gpuArgs(facts),
    ...(ids.user ? ["--user", ids.user] : []),
    ...ids.args,
    ...["--security-opt", "label=disable"], // SELinux keeps a home folder from containers otherwise
    ...["--workdir", inside.job],
    ...mounts.flatMap((mount) => ["--mount", mountText(mount)]),
    ...Object.entries(env).flatMap(([name, value]) => ["--env", `${name}=${value}`]),
    ...["--entrypoint", "/bin/sh", image, "-c", target.prepare ? preparing : inImage, "ft", "trainer/run.py", ...args],
  ];
}

/** Which Python has the engine: the one that the image names, else the first on its PATH. What it prints goes into the job folder. */
const noPython = 'echo "the image has no python" >&2; exit 127';
const inImage = `test -n "$FT_PYTHON" || FT_PYTHON="$(command -v python || command -v python3)" || { ${noPython}; }; export FT_PYTHON; exec "$FT_PYTHON" "$@" >>stdout.log 2>&1`;
const preparing = `unset FT_PYTHON; python="$(command -v python3 || command -v python)" || { ${noPython}; }; exec "$python" "$@" >>stdout.log 2>&1`;

/** The container sees all that the target allows; run.py takes `gpus` of them that no other run holds. */
function gpuArgs({ gpus, target }: RunFacts): string[] {
  if (gpus === 0) return [];
  const chosen = target.gpus ?? ["all"];
  if (target.runtime === "podman") return chosen.flatMap((gpu) => ["--device", `nvidia.com/gpu=${gpu}`]);
  return ["--gpus", target.gpus ? `"device=${target.gpus.join(",")}"` : "all"];
}

/** As docker reads it: a line of CSV. */
function mountText({ source, target, isReadOnly }: Mount): string {
  const parts = ["type=bind", `source=${source}`, `target=${target}`, ...(isReadOnly ? ["readonly"] : [])];
  return parts.map((part) => (/[",]/.test(part) ? `"${part.replaceAll('"', '""')}"` : part)).join(",");
}
