// A recipe and its model, for checks that must not download anything: the model only when it is already on this machine.
import { createHash } from "node:crypto";
import { readFile, stat } from "node:fs/promises";
import { join, resolve } from "node:path";
import { parseDocument } from "yaml";
import { z } from "zod";
import { readModelTemplate } from "../dataset/model-template.js";
import { FtError } from "../errors.js";
import type { ChatTemplate } from "../models/facts.js";
import { type Recipe, recipeSchema } from "../recipes/schema.js";

/** @throws FtError recipe.missing, recipe.invalid */
export async function readRecipe(path: string): Promise<Recipe> {
  const text = await readFile(path, "utf8").catch((cause) => {
    throw new FtError({
      code: "recipe.missing",
      exit: "recipe",
      message: `the recipe ${path} cannot be read`,
      why: cause instanceof Error ? cause.message : String(cause),
      next: "check the path, or make a recipe with ft init",
      cause,
    });
  });
  const document = parseDocument(text);
  const parsed = document.errors.length > 0 ? null : recipeSchema.safeParse(document.toJS());
  if (parsed?.success) return parsed.data;
  throw new FtError({
    code: "recipe.invalid",
    exit: "recipe",
    message: `the recipe ${path} is not valid`,
    where: { file: path },
    why: parsed ? z.prettifyError(parsed.error) : document.errors[0]!.message,
    next: "mend it and check again",
  });
}

/** The model's folder and template; or why its tokenizer cannot be used here. */
export async function recipeModel(
  recipe: Recipe,
  recipeDir: string,
): Promise<{ dir: string; template: ChatTemplate | null } | { why: string }> {
  const { base, template } = recipe.model;
  const dir = resolve(recipeDir, base);
  if (!(await stat(dir).catch(() => null))?.isDirectory()) {
    return { why: `the model ${base} is not a folder here: length and loss mask were not looked at` };
  }
  if (!(await stat(join(dir, "tokenizer.json")).catch(() => null))?.isFile()) {
    return { why: `the model ${base} has no tokenizer.json: length and loss mask were not looked at` };
  }
  if (template === "auto") return { dir, template: await readModelTemplate(dir) };
  const source = await readFile(resolve(recipeDir, template), "utf8").catch(() => null);
  if (source === null)
    return { why: `the template ${template} is not a file here: length and loss mask were not looked at` };
  const sha256 = createHash("sha256").update(source).digest("hex");
  return {
    dir,
    template: { source, sha256, origin: `file:${template}`, hasGenerationMarkers: source.includes("endgeneration") },
  };
}
