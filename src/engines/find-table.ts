// "axolotl" or "axolotl@0.19.0", as typed: the engine and a version whose keys ft knows.

import { FtError } from "../errors.js";
import { nearest } from "../nearest.js";
import { engineNames, engineVersions } from "../recipes/schema/compute.js";
import type { EngineName } from "../recipes/schema.js";
import { tableVersions } from "./key-table.js";

export interface EngineVersion {
  name: EngineName;
  version: string;
}

/** Without a version: the default one. Throws FtError engine.unknown, engine.no-table (usage). */
export function findTable(asked: string): EngineVersion {
  const [typed = "", version] = asked.split("@");
  const name = engineNames.find((known) => known === typed);
  if (!name) {
    const near = nearest(typed, engineNames);
    throw new FtError({
      code: "engine.unknown",
      exit: "usage",
      message: `no engine is called ${typed}`,
      ...(near ? { why: `did you mean ${near}?` } : {}),
      next: `choose one of: ${engineNames.join(", ")}`,
    });
  }
  if (version === undefined) return { name, version: engineVersions[name][0] };
  const known = tableVersions(name);
  if (known.includes(version)) return { name, version };
  throw new FtError({
    code: "engine.no-table",
    exit: "usage",
    message: `ft has no table of the keys of ${name} ${version}`,
    next: `choose one of: ${known.map((each) => `${name}@${each}`).join(", ")}; docs/engines.md says how a version is added`,
  });
}
