// `ft eval audit`: the suites of a recipe against the rows that it trains on.
import { heldOutThreshold, sidedRows } from "../../dataset/dataset-facts.js";
import { auditSuites, type FoundItem } from "../../eval/suites/audit.js";
import type { LoadedRecipe } from "../../recipes/load.js";
import { readLock } from "../../recipes/lock-file.js";
import { locateData } from "../locate-data.js";
import type { PrepareContext } from "../survey.js";
import { chosenSuites, loadSuites } from "./load-suites.js";

export interface AuditResult {
  suites: { name: string; items: number; found: FoundItem[] }[];
  /** Training rows that were looked at. */
  rows: number;
}

/** Rows that are held out are not trained on. Throws FtError usage, data. */
export async function auditRecipe(
  loaded: LoadedRecipe,
  names: readonly string[],
  context: PrepareContext,
): Promise<AuditResult> {
  const locked = await readLock(loaded.file);
  const suites = await loadSuites(loaded, locked, context, chosenSuites(loaded, names));
  const { env, signal, onProgress } = context;
  const source = await locateData(loaded, { env, signal, onProgress, locked });
  onProgress({ label: "looking for the suites' items in the training data" });
  const audit = auditSuites(suites);
  let rows = 0;
  for await (const { side, row, file, line } of sidedRows(source, await heldOutThreshold(source))) {
    signal.throwIfAborted();
    if (side !== "train") continue;
    audit.see(row, { file, line });
    rows += 1;
  }
  const found = audit.found();
  return {
    suites: suites.map(({ name, items }) => ({
      ...{ name, items: items.length, found: found.filter(({ suite }) => suite === name) },
    })),
    rows,
  };
}
