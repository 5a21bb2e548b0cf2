// A recipe's rendering from what is known without network, engine or GPU: the data if it is here, the model if it is here.
import { mkdirSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import type { Rendering } from "../engines/contract.js";
import { ensureDir } from "../ensure-dir.js";
import { FtError } from "../errors.js";
import type { Env } from "../paths.js";
import type { LoadedRecipe } from "../recipes/load.js";
import { type KnownRecipe, refineRecipe } from "./refine.js";
import { renderRecipe } from "./render-recipe.js";
import { supportedEngine } from "./supported-engine.js";
import { targetOrHere } from "./target-there.js";

/** Throws FtError recipe.*, model.*, data.* (a data file that is there but cannot be used). */
export async function renderOnly(loaded: LoadedRecipe, env: Env): Promise<Rendering> {
  return renderKnown(await refineRecipe(loaded, env, { askTarget: targetOrHere }));
}

/** Throws FtError recipe.*. */
export async function renderKnown(refined: KnownRecipe): Promise<Rendering> {
  const { loaded: known, resolved, model, device, here, silence, dataset } = refined;
  const engine = await supportedEngine(known);
  const rendering = renderRecipe(engine, known, { model, dataset, device });
  const isElsewhere = known.recipe.compute.device === "auto" && device.kind === "cuda" && here.count === 0;
  const notes = [
    ...(resolved.notice ? [resolved.notice] : []),
    ...(silence ? [`rendered for this machine: ${silence}`] : []),
    ...(isElsewhere ? ["rendered for a CUDA GPU, which this recipe cannot do without and this machine has not"] : []),
  ];
  return { ...rendering, notes: [...notes, ...rendering.notes] };
}

/** Writes the files below `out`, all or none, and returns their paths. Throws FtError render.not-empty, render.not-a-folder (usage), env.* */
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
  ensureDir(root);
  const draft = join(root, `.new-${process.pid}`);
  try {
    for (const [path, content] of Object.entries(files)) {
      mkdirSync(dirname(join(draft, path)), { recursive: true });
      writeFileSync(join(draft, path), content);
    }
    for (const path of Object.keys(files)) {
      mkdirSync(dirname(join(root, path)), { recursive: true });
      renameSync(join(draft, path), join(root, path));
    }
  } catch (error) {
    if (!found) rmSync(root, { recursive: true, force: true });
    throw error;
  } finally {
    rmSync(draft, { recursive: true, force: true });
  }
  return Object.keys(files).map((path) => join(out, path));
}
