// What ft.lock.json will say of a recipe, made from what is known of its data, base and engine.
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import type { CheckReport } from "../dataset/check-dataset.js";
import type { LocatedSource } from "../dataset/locate-files.js";
import { readEngineLock } from "../engines/env/engine-lock.js";
import { rewardFiles } from "../engines/rewards.js";
import { FtError } from "../errors.js";
import { hashFile } from "../models/hash-cache.js";
import type { ResolvedModel } from "../models/resolve.js";
import { readTemplate } from "../models/template.js";
import { packageRoot } from "../paths.js";
import { openKeys, recipeLeaves } from "../recipes/keep-choices.js";
import type { LoadedRecipe } from "../recipes/load.js";
import { canonicalJson, type LockEntry } from "../recipes/lock-file.js";

export interface LockInput {
  base: ResolvedModel;
  /** Of the base. */
  revision: string;
  source: Pick<LocatedSource, "pins">;
  report: CheckReport;
}

/** `loaded`: its open keys chosen. */
export async function lockEntry(
  loaded: LoadedRecipe,
  { base, revision, source, report }: LockInput,
): Promise<LockEntry> {
  const { recipe, dir } = loaded;
  const isOpen = new Set(openKeys(loaded));
  const part = (open: boolean) =>
    Object.fromEntries([...recipeLeaves(loaded)].filter(([key]) => isOpen.has(key) === open));
  const isLocal = base.source === "folder" || base.source === "gguf";
  const { rows, longestChars } = report.facts.train;
  const entry = {
    ft: ftVersion(),
    base: { asked: base.asked, id: isLocal ? base.asked : base.id, revision },
    template: pinnedTemplate(recipe.model.template, dir),
    data: dataParts(report.sources),
    hub: source.pins,
    files: await fileHashes(Object.keys(rewardFiles(recipe.objective)), dir),
    engine: {
      name: recipe.engine.name,
      version: recipe.engine.version,
      requirements: readEngineLock(recipe.engine).hash,
    },
    recipe: part(false),
    chosen: part(true),
    chosenFrom: { rows, longestChars },
  };
  return { ...entry, key: lockKey(entry) };
}

export function ftVersion(): string {
  return (JSON.parse(readFileSync(join(packageRoot, "package.json"), "utf8")) as { version: string }).version;
}

/**
 * The whole resolved recipe counts, its name too (it names the adapter's line), whether a person or ft filled a key. Not in it: which ft,
 * trainer code and device a run had, because a lock is shared between machines; a run that is skipped must agree in these as well (unchanged.ts).
 */
function lockKey({ base, template, data, files, engine, recipe, chosen }: Omit<LockEntry, "key">): string {
  const { id, revision } = base;
  const decides = { base: { id, revision }, template, data, files, engine, recipe: { ...recipe, ...chosen } };
  return createHash("sha256").update(canonicalJson(decides)).digest("hex");
}

function pinnedTemplate(setting: string, dir: string): LockEntry["template"] {
  if (setting === "auto") return { origin: "model", sha256: null };
  const { origin, sha256 } = readTemplate(setting, { dir: null, cwd: dir })!;
  return { origin, sha256 };
}

/** A file that is read twice (in two formats) has an entry for each time. */
function dataParts(sources: CheckReport["sources"]): LockEntry["data"] {
  const parts: LockEntry["data"] = {};
  for (const { path, rows, sha256 } of sources) {
    let name = path;
    for (let again = 2; name in parts; again += 1) name = `${path} (${again})`;
    parts[name] = { rows, sha256 };
  }
  return parts;
}

async function fileHashes(paths: string[], dir: string): Promise<Record<string, string>> {
  return Object.fromEntries(
    await Promise.all(paths.map(async (path) => [path, await hashFile(resolve(dir, path)).catch(unreadable(path))])),
  ) as Record<string, string>;
}

function unreadable(path: string): (cause: Error) => never {
  return (cause) => {
    throw new FtError({
      code: "recipe.file",
      exit: "recipe",
      message: `${path} cannot be read`,
      why: cause.message,
      next: "name an existing file, relative to the recipe",
      cause,
    });
  };
}
