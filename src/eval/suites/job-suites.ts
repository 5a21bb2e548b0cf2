// Suites in a job folder: eval/suites/<name>/ has the settings and the items, so that the job needs nothing else to be evaluated and scored.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Json } from "../../dataset/json/json.js";
import { stringifyJson } from "../../dataset/json/stringify-json.js";
import { FtError } from "../../errors.js";
import { suitesFolder } from "../../recipes/built-in-suites.js";
import type { LoadedSuite } from "./load-suite.js";
import type { SuiteItem } from "./suite-items.js";

export async function writeJobSuites(jobDir: string, suites: readonly LoadedSuite[]): Promise<void> {
  for (const { items, ...settings } of suites) {
    const dir = join(jobDir, suitesFolder, settings.name);
    await mkdir(dir, { recursive: true });
    await writeFile(join(dir, "suite.json"), `${JSON.stringify(settings, null, 2)}\n`);
    await writeFile(join(dir, "items.jsonl"), itemLines(items));
  }
}

export function itemLines(items: readonly SuiteItem[]): string {
  return items.map((item) => `${stringifyJson(item as unknown as Json)}\n`).join("");
}

/** None where the job has none. Throws FtError eval.broken-items (training). */
export function readJobSuites(jobDir: string): LoadedSuite[] {
  const dir = join(jobDir, suitesFolder);
  if (!existsSync(dir)) return [];
  return readdirSync(dir)
    .sort()
    .map((name) => {
      try {
        const settings = JSON.parse(readFileSync(join(dir, name, "suite.json"), "utf8")) as Omit<LoadedSuite, "items">;
        const lines = readFileSync(join(dir, name, "items.jsonl"), "utf8")
          .split("\n")
          .filter(Boolean);
        return { ...settings, items: lines.map((line) => JSON.parse(line) as SuiteItem) };
      } catch (cause) {
        throw broken(join(dir, name), cause as Error);
      }
    });
}

function broken(file: string, cause: Error): FtError {
  return new FtError({
    code: "eval.broken-items",
    exit: "training",
    message: "a suite of this job cannot be read",
    where: { file },
    why: cause.message,
    next: "evaluate again: ft eval run",
    cause,
  });
}
