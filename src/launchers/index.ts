// The launchers by name, loaded when used.
import type { Launcher } from "./contract.js";

const launchers: Record<string, () => Promise<Launcher<unknown>>> = {
  local: async () => (await import("./local/index.js")).localLauncher as Launcher<unknown>,
};

export async function loadLauncher(name: string): Promise<Launcher<unknown>> {
  const load = launchers[name];
  if (!load) throw new Error(`no launcher is called ${name}`);
  return load();
}
