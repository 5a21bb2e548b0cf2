// Opens a project's store; one whose database was deleted is rebuilt from the folders of runs and of pulled adapters first, because they are the truth.
import { existsSync } from "node:fs";
import { pulledDir } from "../adapters/pulled.js";
import { runsDir, storeFile } from "../paths.js";
import { openStore, type Store } from "../store/open.js";
import { reindexAdapters } from "./reindex-adapters.js";
import { reindexRuns } from "./reindex-runs.js";

export interface Rebuilt {
  runs: number;
  evaluations: number;
  adapters: number;
  /** What could not be taken over, one sentence each. */
  problems: string[];
}

/** Throws FtError store.* */
export async function openProject(projectDir: string): Promise<Store> {
  const isLost = !existsSync(storeFile(projectDir)) && [runsDir, pulledDir].some((dir) => existsSync(dir(projectDir)));
  const store = openStore(projectDir);
  if (isLost) await rebuildStore(store, projectDir);
  return store;
}

/** Takes over every run folder. What the store has stays; may be repeated. */
export async function rebuildStore(store: Store, projectDir: string): Promise<Rebuilt> {
  const { runs, problems } = await reindexRuns(store, projectDir);
  const rest = await reindexAdapters(store, projectDir);
  return { runs, ...rest, problems: [...problems, ...rest.problems] };
}
