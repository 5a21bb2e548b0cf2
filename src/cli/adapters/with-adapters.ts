// The project's adapters for a command, after what succeeded while no ft was there has been registered.
import { findAdapter, listAdapters, type RegisteredAdapter } from "../../adapters/registry.js";
import type { Io } from "../io.js";
import { withRuns } from "../runs/with-runs.js";

export function registeredAdapters(io: Io): Promise<RegisteredAdapter[]> {
  return withRuns(io, (store) => (store ? listAdapters(store, io.cwd) : []));
}

/** The one that is meant. Throws FtError adapter.unknown (usage). */
export async function registeredAdapter(io: Io, reference: string): Promise<RegisteredAdapter> {
  return findAdapter(await registeredAdapters(io), reference);
}

export function nameOf({ name, version }: Pick<RegisteredAdapter, "name" | "version">): string {
  return `${name}@${version}`;
}
