// What a nightly job knows of itself between two starts: .ft/ci/<recipe name>.json, replaced in one step after each phase, so that one that died is gone on with.
import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { z } from "zod";
import { ensureDir } from "../../ensure-dir.js";
import { ftDir } from "../../paths.js";

/** In this order. */
const phases = ["preparing", "training", "evaluating", "judging", "pushing", "done"] as const;

const stateSchema = z.object({
  schema: z.literal(1),
  /** The recipe's file, relative to the project. */
  recipe: z.string(),
  /** What is being done, or was when it ended. */
  phase: z.enum(phases),
  /** Epoch ms. */
  startedAt: z.number(),
  run: z.string().nullable(),
  /** Of the run's lock: what the night was about. */
  key: z.string().nullable(),
  /** support-bot@8 */
  adapter: z.string().nullable(),
  verdict: z.enum(["promote", "keep", "hold"]).nullable(),
  /** The champion that was last seen to be on the Hub, and where: "org/name support-bot@8". */
  pushed: z.string().nullable(),
});
export type NightState = z.output<typeof stateSchema>;

export function nightFile(projectDir: string, name: string): string {
  return join(ftDir(projectDir), "ci", `${name}.json`);
}

/** Null: there was no night yet, or its state cannot be read; everything that it says can be found out again. */
export function readNight(projectDir: string, name: string): NightState | null {
  try {
    return stateSchema.parse(JSON.parse(readFileSync(nightFile(projectDir, name), "utf8")));
  } catch {
    return null;
  }
}

export function writeNight(projectDir: string, name: string, state: NightState): void {
  const file = nightFile(projectDir, name);
  ensureDir(dirname(file));
  writeFileSync(`${file}.new`, `${JSON.stringify(state, null, 2)}\n`);
  renameSync(`${file}.new`, file);
}
