// Tells of a rollback: whom, the recipe says by which the line's nightly job runs.
import { resolve } from "node:path";
import { FtError } from "../../errors.js";
import type { Env } from "../../paths.js";
import { loadRecipe } from "../../recipes/load.js";
import { sendAlert } from "./alert.js";
import { readNight } from "./night-state.js";

export interface RolledBack {
  line: string;
  champion: string;
  before: string;
  by: string;
  why: string | null;
  at: number;
}

/** Returns what went wrong, one sentence; null: it was told, or nobody is to hear of it. */
export async function tellRollback(projectDir: string, rolled: RolledBack, env: Env): Promise<string | null> {
  const { line, champion, before, by, why, at } = rolled;
  const night = readNight(projectDir, line);
  if (!night) return null;
  try {
    const { alerts } = loadRecipe(resolve(projectDir, night.recipe), { cwd: projectDir, env }).recipe;
    if (!alerts) return null;
    const summary = `${by} put ${champion} back in the place of ${before}`;
    const reasons = why === null ? [] : [why];
    return await sendAlert(
      alerts,
      { event: "rollback", line, summary, adapter: before, champion, run: null, reasons, at },
      env,
    );
  } catch (error) {
    if (!(error instanceof FtError)) throw error;
    return `no alert was sent: ${night.recipe} cannot be read: ${error.message}`;
  }
}
