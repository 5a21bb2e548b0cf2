// The folders of a folder whose folders appear in one step, by rename: runs, evaluations.
import { readdirSync } from "node:fs";

/** Names, sorted; none where `dir` is not there. Those that are still being built begin with a dot, and are left out. */
export function foldersIn(dir: string): string[] {
  try {
    return readdirSync(dir, { withFileTypes: true })
      .filter((entry) => entry.isDirectory() && !entry.name.startsWith("."))
      .map(({ name }) => name)
      .sort();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
}
