// The base of a job at home, which its folder links to.
import { existsSync, readlinkSync } from "node:fs";
import { join } from "node:path";

/** Absolute path; null where the link leads nowhere. */
export function baseAtHome(dir: string): string | null {
  try {
    const path = readlinkSync(join(dir, "model"));
    return existsSync(path) ? path : null;
  } catch {
    return null;
  }
}
