// Starts a project: writes ft.yaml and keeps .ft/ out of git. All or nothing, and never over something that is there.
import { appendFileSync, existsSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { ensureDir, isDiskFull } from "../ensure-dir.js";
import { FtError } from "../errors.js";
import { recipeJsonSchema } from "./json-schema.js";
import { loadRecipe } from "./load.js";
import { type NewRecipe, schemaFile, writeRecipe } from "./write.js";

export interface InitRequest extends Omit<NewRecipe, "name"> {
  dir: string;
  name?: string | undefined;
  force: boolean;
}

/** Returns the recipe's path and name. @throws FtError init.exists (usage), usage.recipe (usage), env.unwritable (environment) */
export function initRecipe({ dir, force, ...recipe }: InitRequest): { file: string; name: string } {
  const name = recipe.name ?? nameFrom(dir);
  return { file: putRecipe(writeRecipe({ ...recipe, name }), { dir, force }), name };
}

/** Writes a recipe's text as ft.yaml, once it loads, and what goes with it. Returns its path. Throws as initRecipe does. */
export function putRecipe(text: string, { dir, force }: { dir: string; force: boolean }): string {
  if (!force) refuseExisting(dir);
  replaceFile(dir, "ft.yaml", text, checkDraft);
  ignoreFtDir(dir);
  writeSchema(dir);
  return join(dir, "ft.yaml");
}

/** Also to be asked before a person answers questions in vain. @throws FtError init.exists (usage) */
export function refuseExisting(dir: string): void {
  const file = join(dir, "ft.yaml");
  if (!existsSync(file)) return;
  throw new FtError({
    code: "init.exists",
    exit: "usage",
    message: "there is an ft.yaml here already",
    where: { file },
    next: "repeat with --force to replace it, or work in another folder",
  });
}

/** The folder's name as a recipe may be called. */
export function nameFrom(dir: string): string {
  const name = basename(dir)
    .toLowerCase()
    .replace(/[^a-z0-9._-]+/g, "-")
    .replace(/^[^a-z0-9]+/, "")
    .slice(0, 63);
  return name || "my-model";
}

/** What a person gave does not make a recipe: their command line is wrong, not a file. */
function checkDraft(draft: string): void {
  try {
    loadRecipe(draft, { cwd: dirname(draft), env: {} });
  } catch (error) {
    if (!(error instanceof FtError)) throw error;
    throw new FtError({
      code: "usage.recipe",
      exit: "usage",
      message: "that would not be a valid recipe",
      problems: error.problems.map(({ message, fix }) => ({ message, ...(fix ? { fix } : {}) })),
      next: "repeat with other values; nothing was written",
    });
  }
}

/** Adds .ft/ to .gitignore, at its end: what is in it stays byte for byte, and a link stays a link. */
function ignoreFtDir(dir: string): void {
  const file = join(dir, ".gitignore");
  if (existsSync(file) && !statSync(file).isFile()) return;
  const text = existsSync(file) ? readFileSync(file, "latin1") : "";
  if (/^\/?\.ft\/?\s*$/m.test(text)) return;
  try {
    appendFileSync(file, `${text === "" || text.endsWith("\n") ? "" : "\n"}.ft/\n`);
  } catch (error) {
    throw unwritable(dir, ".gitignore", error);
  }
}

/** For editors. Throws FtError env.unwritable (environment). Returns its path. */
export function writeSchema(dir: string): string {
  const file = join(dir, schemaFile);
  ensureDir(dirname(file));
  try {
    writeFileSync(file, `${JSON.stringify(recipeJsonSchema(), null, 2)}\n`);
  } catch (error) {
    throw unwritable(dir, schemaFile, error);
  }
  return file;
}

/** Writes a draft beside the file, lets it be checked, then puts it in place in one step. */
function replaceFile(dir: string, name: string, text: string, check: (draft: string) => unknown): void {
  const draft = join(dir, `.${name}.${process.pid}.new`);
  try {
    writeFileSync(draft, text);
    check(draft);
    renameSync(draft, join(dir, name));
  } catch (error) {
    rmSync(draft, { force: true });
    throw error instanceof FtError ? error : unwritable(dir, name, error);
  }
}

function unwritable(dir: string, name: string, cause: unknown): FtError {
  return new FtError({
    code: isDiskFull(cause) ? "env.disk-full" : "env.unwritable",
    exit: "environment",
    message: `${name} cannot be written into ${dir}`,
    where: { file: dir },
    why: (cause as Error).message,
    next: isDiskFull(cause) ? "free some space, then repeat" : "make the folder writable, or work in another one",
    cause,
  });
}
