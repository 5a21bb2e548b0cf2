// `ft init --from`: a recipe from another tool's config, and what of it has no equivalent.
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { importRecipe } from "../engines/import/import-recipe.js";
import { importedRecipe } from "../engines/import/imported-recipe.js";
import { FtError } from "../errors.js";
import { nameFrom, putRecipe } from "../recipes/init.js";
import { type Io, writeJson } from "./io.js";

interface Flags {
  gpus?: number;
  name?: string;
  force?: boolean;
  json?: boolean;
}

export function initFrom(io: Io, from: string, flags: Flags): void {
  const imported = importRecipe(readText(resolve(io.cwd, from), from), { shown: from, gpus: flags.gpus });
  const name = flags.name ?? nameFrom(io.cwd);
  const file = putRecipe(importedRecipe(imported, name, from), { dir: io.cwd, force: flags.force ?? false });
  const { dialect, recipe, notEquivalent, notes } = imported;
  for (const note of notes) io.err.write(`note: ${note}\n`);
  for (const { key, value, why } of notEquivalent)
    io.err.write(`no equivalent: ${key}: ${JSON.stringify(value)} (${why})\n`);
  if (flags.json) {
    writeJson(io, { ok: true, file, name, dialect, recipe: { name, ...recipe }, notEquivalent, notes });
    return;
  }
  io.out.write(`wrote ${file}\n`);
  io.err.write(
    "\nnext: look at it, then\n      ft data check   what is wrong with the data\n      ft run          train, evaluate, register\n",
  );
}

function readText(path: string, shown: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (cause) {
    throw new FtError({
      code: "import.unreadable",
      exit: "usage",
      message: `${shown} cannot be read`,
      where: { file: path },
      why: (cause as Error).message,
      next: "name a file that is there",
      cause,
    });
  }
}
