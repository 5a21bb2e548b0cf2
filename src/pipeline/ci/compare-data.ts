// Tonight's training rows against those that the champion was trained on, as both job folders hold them.
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { RegisteredAdapter } from "../../adapters/registry.js";
import { type DatasetDiff, diffDatasets } from "../../dataset/diff/diff-datasets.js";
import type { StatsInput } from "../../dataset/stats/collect-stats.js";
import { FtError } from "../../errors.js";
import { runsDir } from "../../paths.js";

/** Null: a job folder is not here (the champion was pulled, or its run was removed), or cannot be compared; then `onNotice` hears why. */
export async function compareData(
  projectDir: string,
  { champion, run }: { champion: RegisteredAdapter; run: string },
  onNotice: (text: string) => void,
): Promise<DatasetDiff | null> {
  const [before, after] = [champion.run, run].map((id) => join(runsDir(projectDir), id));
  const isHere = [before!, after!].every((dir) => existsSync(join(dir, rows)));
  if (!isHere) return null;
  try {
    return await diffDatasets(trainingRows(before!), trainingRows(after!));
  } catch (error) {
    if (!(error instanceof FtError)) throw error;
    onNotice(`the data could not be compared with the champion's: ${error.message}`);
    return null;
  }
}

const rows = "data/train.jsonl";

function trainingRows(dir: string): StatsInput {
  return { dir, train: [{ path: rows, format: "auto", weight: 1 }], format: "auto", seed: 0, model: null };
}
