// A recipe's rendering from what is known without network, engine or GPU: the data if it is here, the model if it is here.
import { existsSync, mkdirSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import type { DatasetFacts } from "../dataset/canonical.js";
import { datasetFacts } from "../dataset/dataset-facts.js";
import { dataSource } from "../dataset/snapshot.js";
import type { Rendering } from "../engines/contract.js";
import { detectDevice } from "../engines/machine.js";
import { FtError } from "../errors.js";
import { describeModel } from "../models/describe.js";
import type { Env } from "../paths.js";
import type { LoadedRecipe } from "../recipes/load.js";
import { resolveRecipeModel, supportedEngine } from "./prepare.js";
import { trainingDevice } from "./training-device.js";

/** Throws FtError recipe.*, model.*, data.* (a data file that is there but cannot be used). */
export async function renderOnly(loaded: LoadedRecipe, env: Env): Promise<Rendering> {
  const { recipe, dir } = loaded;
  const engine = await supportedEngine(loaded);
  const resolved = resolveRecipeModel(loaded, env);
  const model = await describeModel(resolved, { template: recipe.model.template, cwd: dir, env });
  const device = trainingDevice(recipe, await detectDevice(env));
  const rendering = engine.render({ recipe, model, dataset: await factsIfHere(loaded), device });
  return resolved.notice ? { ...rendering, notes: [resolved.notice, ...rendering.notes] } : rendering;
}

async function factsIfHere({ recipe, dir }: LoadedRecipe): Promise<DatasetFacts | null> {
  return existsSync(resolve(dir, recipe.data.train)) ? datasetFacts(dataSource(recipe, dir)) : null;
}

/** Writes the files below `out` and returns their paths. Throws FtError render.not-empty, render.not-a-folder (usage). */
export function writeRendering(
  { files }: Rendering,
  { cwd, out, force }: { cwd: string; out: string; force: boolean },
): string[] {
  const root = resolve(cwd, out);
  const found = statSync(root, { throwIfNoEntry: false });
  if (found && !found.isDirectory()) {
    throw new FtError({
      code: "render.not-a-folder",
      exit: "usage",
      message: `${out} is a file`,
      where: { file: root },
      next: "name a folder for the files",
    });
  }
  if (!force && found && readdirSync(root).length > 0) {
    throw new FtError({
      code: "render.not-empty",
      exit: "usage",
      message: `${out} is not empty`,
      where: { file: root },
      next: "name another folder, or repeat with --force",
    });
  }
  return Object.entries(files).map(([path, content]) => {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), content);
    return join(out, path);
  });
}
