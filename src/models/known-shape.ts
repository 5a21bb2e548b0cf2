// The shape of a model that is in the catalogue or on this machine: no request is made for it.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { findHubId } from "./catalogue.js";
import type { ModelShape } from "./model-shape.js";
import { readConfig } from "./read-config.js";

/** A model's own config.json wins over the catalogue. Null: neither has it. */
export function knownShape({ id, dir }: { id: string; dir: string | null }): ModelShape | null {
  const config = dir === null ? null : readJson(join(dir, "config.json"));
  const found = config === null ? null : readConfig(config);
  if (found !== null && !("problem" in found)) return found;
  return findHubId(id) ?? null;
}

function readJson(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, "utf8"));
  } catch {
    return null;
  }
}
