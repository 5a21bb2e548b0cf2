// The launchers by name, loaded when used.
import type { LauncherName } from "../recipes/schema/targets.js";
import type { Launcher } from "./contract.js";

const launchers: Record<LauncherName, () => Promise<Launcher<unknown>>> = {
  local: async () => (await import("./local/index.js")).localLauncher as Launcher<unknown>,
  docker: async () => (await import("./docker/index.js")).dockerLauncher as Launcher<unknown>,
  ssh: async () => (await import("./ssh/index.js")).sshLauncher as Launcher<unknown>,
  slurm: async () => (await import("./slurm/index.js")).slurmLauncher as Launcher<unknown>,
  kubernetes: async () => (await import("./kubernetes/index.js")).kubernetesLauncher as Launcher<unknown>,
  skypilot: async () => (await import("./skypilot/index.js")).skypilotLauncher as Launcher<unknown>,
  "hf-jobs": async () => (await import("./hf-jobs/index.js")).hfJobsLauncher as Launcher<unknown>,
};

export async function loadLauncher(name: string): Promise<Launcher<unknown>> {
  if (!(name in launchers)) throw new Error(`no launcher is called ${name}`);
  return launchers[name as LauncherName]();
}
