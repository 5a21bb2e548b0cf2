// `ft engines ls`.
import { type Capabilities, capabilitiesOf } from "../../engines/capabilities.js";
import { listEnvironments } from "../../engines/env/list-environments.js";
import type { EngineVersion } from "../../engines/find-table.js";
import { loadEngine } from "../../engines/index.js";
import { tableVersions } from "../../engines/key-table.js";
import { engineNames, engineVersions } from "../../recipes/schema/compute.js";
import { writeJson } from "../io.js";
import type { CommandContext } from "../program.js";
import { plainTable } from "../views/plain-table.js";

interface ListedEngine extends EngineVersion {
  /** default: what a recipe gets that names no version; pinned: a recipe may name it; keys: only its keys are known. */
  use: "default" | "pinned" | "keys";
  /** An environment for it is ready on this machine. */
  isInstalled: boolean;
  /** Null: ft does not drive this version. */
  can: Capabilities | null;
}

export async function lsCommand({ io }: CommandContext, flags: { json?: boolean }): Promise<void> {
  const markers = (await listEnvironments(io.env)).map(({ marker }) => marker);
  const engines: ListedEngine[] = [];
  for (const name of engineNames) {
    const engine = await loadEngine(name);
    const pinned = engineVersions[name];
    for (const version of new Set([...pinned, ...tableVersions(name)])) {
      const use = version === pinned[0] ? "default" : pinned.includes(version) ? "pinned" : "keys";
      const isInstalled = markers.some((marker) => marker?.engine === name && marker.engineVersion === version);
      const can = use === "keys" ? null : capabilitiesOf(engine, version);
      engines.push({ name, version, use, isInstalled, can });
    }
  }
  if (flags.json) return writeJson(io, { ok: true, engines });
  io.out.write(`${table(engines).join("\n")}\n`);
  io.err.write("\nkeys: not for recipes yet, but `ft engines keys` and `ft engines diff` know it\n");
}

function table(engines: ListedEngine[]): string[] {
  const heads = ["engine", "", "installed", "objectives, methods"].map((head) => ({ head }));
  const rows = engines.map(({ name, version, use, isInstalled, can }) => [
    `${name}@${version}`,
    use,
    isInstalled ? "yes" : "no",
    can ? `${can.objectives.join(" ")}\n${can.methods.join(" ")}` : "-",
  ]);
  return plainTable(heads, rows);
}
