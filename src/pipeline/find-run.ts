// From what a person types to a run's folder: `last`, a run id, or the start of one.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { FtError } from "../errors.js";
import { runsDir } from "../paths.js";
import { type Job, jobSchema } from "../runs/job.js";

export interface RunFolder {
  job: Job;
  /** Absolute. */
  dir: string;
}

/** Reads the manifests, which are the truth. Throws FtError `run.unknown` (usage) when none or more than one is meant. */
export function findRunFolder(projectDir: string, reference: string): RunFolder {
  const runs = readRunFolders(projectDir);
  const found =
    reference === "last"
      ? runs.slice(-1)
      : (exactly(runs, reference) ?? runs.filter(({ job }) => job.id.startsWith(reference)));
  if (found.length === 1) return found[0]!;
  const ids = (found.length > 1 ? found : runs).map(({ job }) => job.id).slice(-5);
  throw new FtError({
    code: "run.unknown",
    exit: "usage",
    message: found.length > 1 ? `${reference} could be several runs` : noRun(reference),
    ...(ids.length > 0 && { why: `there are: ${ids.join(", ")}` }),
    next: runs.length > 0 ? "ft runs ls lists them" : "train one: ft run",
  });
}

function noRun(reference: string): string {
  return reference === "last" ? "there is no run here yet" : `there is no run ${reference} here`;
}

function exactly(runs: RunFolder[], id: string): RunFolder[] | null {
  const found = runs.filter(({ job }) => job.id === id);
  return found.length > 0 ? found : null;
}

/** Oldest first; folders without a readable manifest are no runs. */
function readRunFolders(projectDir: string): RunFolder[] {
  const root = runsDir(projectDir);
  if (!existsSync(root)) return [];
  return readdirSync(root)
    .flatMap((name) => {
      const dir = join(root, name);
      try {
        return [{ dir, job: jobSchema.parse(JSON.parse(readFileSync(join(dir, "job.json"), "utf8"))) }];
      } catch {
        return [];
      }
    })
    .sort((a, b) => a.job.createdAt - b.job.createdAt);
}
