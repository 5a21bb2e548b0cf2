// Rebuilds from the run folders, and those of pulled adapters, what the store knows about evaluations and adapters; the runs room rebuilds its own part first.
import { join } from "node:path";
import type { Database } from "better-sqlite3";
import { type Lineage, readLineage } from "../adapters/lineage.js";
import { pulledAdapters } from "../adapters/pulled.js";
import { insertAdapter, listAdapters } from "../adapters/registry.js";
import { FtError } from "../errors.js";
import { indexEvaluations } from "../eval/record-store.js";
import { foldersIn } from "../folders-in.js";
import { runsDir } from "../paths.js";
import { importEvaluations } from "./import-evaluations.js";

export interface Reindexed {
  /** In the store now. */
  evaluations: number;
  adapters: number;
  /** What could not be taken over, one sentence each. */
  problems: string[];
}

/**
 * Takes over each run's evaluation and lineage. Versions keep their numbers, because lineage names them; what is registered
 * already stays. May be repeated.
 */
export async function reindexAdapters(db: Database, projectDir: string): Promise<Reindexed> {
  const result: Reindexed = { evaluations: 0, adapters: 0, problems: [] };
  const known = listAdapters(db, projectDir).map(({ name, version, run }) => ({ name, version, run }));
  const take = (dir: string, lineage: Lineage) => {
    if (known.some((one) => one.run === lineage.run)) {
      result.adapters++;
      return;
    }
    const taken = known.find(({ name, version }) => name === lineage.name && version === lineage.version);
    if (taken) {
      result.problems.push(
        `${taken.name}@${taken.version} belongs to run ${taken.run}; run ${lineage.run} says so too`,
      );
      return;
    }
    insertAdapter(db, projectDir, dir, lineage);
    known.push({ name: lineage.name, version: lineage.version, run: lineage.run });
    result.adapters++;
  };
  for (const run of foldersIn(runsDir(projectDir))) {
    const jobDir = join(runsDir(projectDir), run);
    const dir = join(jobDir, "out/adapter");
    const lineage = readLineage(dir);
    if (!lineage) continue;
    try {
      await importEvaluations(db, { projectDir, run, jobDir, lineage });
    } catch (error) {
      if (!(error instanceof FtError)) throw error;
      result.problems.push(`run ${run}: ${error.message}`);
    }
    take(dir, lineage);
  }
  for (const { dir, lineage } of pulledAdapters(projectDir)) take(dir, lineage);
  const { evaluations, problems } = indexEvaluations(db, projectDir, { anew: true });
  return { ...result, evaluations, problems: [...result.problems, ...problems] };
}
