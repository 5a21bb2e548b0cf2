// Starts a project: writes ft.yaml and keeps .ft/ out of git. All or nothing, and never over something that is there.
import { existsSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { FtError } from "../errors.js";
import { loadRecipe } from "./load.js";
import { type NewRecipe, writeRecipe } from "./write.js";

export interface InitRequest extends Omit<NewRecipe, "name"> {
  dir: string;
  name?: string | undefined;
  force: boolean;
}

/** Returns the recipe's path and name. @throws FtError init.exists (usage), usage.recipe (usage), env.unwritable (environment) */
export function initRecipe({ dir, force, ...recipe }: InitRequest): { file: string; name: string } {
  const file = join(dir, "ft.yaml");
  if (existsSync(file) && !force) {
    throw new FtError({
      code: "init.exists",
      exit: "usage",
      message: "there is an ft.yaml here already",
      where: { file },
      next: "repeat with --force to replace it, or work in another folder",
    });
  }
  const name = recipe.name ?? nameFrom(dir);
  const ignored = ignoreLine(join(dir, ".gitignore"));
  replaceFile(dir, "ft.yaml", writeRecipe({ ...recipe, name }), checkDraft);
  if (ignored !== null) replaceFile(dir, ".gitignore", ignored);
  return { file, name };
}

/** The folder's name as a recipe may be called. */
function nameFrom(dir: string): string {
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
    loadRecipe(draft, { cwd: dirname(draft) });
  } catch (error) {
    if (!(error instanceof FtError)) throw error;
    throw new FtError({
      code: "usage.recipe",
      exit: "usage",
      message: "that would not be a valid recipe",
      problems: error.problems.map(({ message }) => ({ message })),
      next: "repeat with other values; nothing was written",
    });
  }
}

/** The new .gitignore; null when it names .ft/ already, or is no file. */
function ignoreLine(file: string): string | null {
  if (existsSync(file) && !statSync(file).isFile()) return null;
  const text = existsSync(file) ? readFileSync(file, "utf8") : "";
  if (/^\/?\.ft\/?\s*$/m.test(text)) return null;
  return `${text}${text === "" || text.endsWith("\n") ? "" : "\n"}.ft/\n`;
}

/** Writes a draft beside the file, lets it be checked, then puts it in place in one step. */
function replaceFile(dir: string, name: string, text: string, check: (draft: string) => unknown = () => {}): void {
  const draft = join(dir, `.${name}.${process.pid}.new`);
  try {
    writeFileSync(draft, text);
    check(draft);
    renameSync(draft, join(dir, name));
  } catch (error) {
    rmSync(draft, { force: true });
    if (error instanceof FtError) throw error;
    throw new FtError({
      code: "env.unwritable",
      exit: "environment",
      message: `${name} cannot be written into ${dir}`,
      where: { file: dir },
      why: (error as Error).message,
      next: "make the folder writable, or work in another one",
      cause: error,
    });
  }
}
