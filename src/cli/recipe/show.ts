// `ft recipe show`: a recipe with what it extends and --set merged; --resolved fills in every default, with its reason.
import type { Command } from "commander";
import { writeJson } from "../io.js";
import type { CommandContext } from "../program.js";
import { collect } from "../render.js";
import { knownRecipe } from "./known-recipe.js";

interface Flags {
  resolved?: boolean;
  set?: string[];
  json?: boolean;
}

export function registerShow(recipe: Command, { io }: CommandContext): void {
  recipe
    .command("show [recipe]")
    .description("print a recipe (default ft.yaml, or a built-in one by name) with what it extends")
    .option("--resolved", "with every default filled in, each with its reason")
    .option("--set <key=value>", "change a key of the recipe; repeatable", collect)
    .option("--json", "print {recipe, choices} as JSON")
    .action(async (file: string | undefined, flags: Flags) => {
      const known = await knownRecipe(io, file ?? "ft.yaml", flags.set);
      const { resolvedValues } = await import("../../recipes/resolved.js");
      const values = flags.resolved ? resolvedValues(known.loaded) : known.loaded.values;
      if (flags.json) return writeJson(io, { ok: true, recipe: values, choices: known.loaded.choices });
      const { recipeYaml } = await import("../views/recipe-yaml.js");
      io.out.write(recipeYaml(values, flags.resolved ? known.loaded : null));
    });
}
