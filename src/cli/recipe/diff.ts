// `ft recipe diff`: how two recipes differ once everything is filled in.
import type { Command } from "commander";
import { writeJson } from "../io.js";
import type { CommandContext } from "../program.js";
import { knownRecipe } from "./known-recipe.js";

export function registerDiff(recipe: Command, { io }: CommandContext): void {
  recipe
    .command("diff <a> <b>")
    .description("show the keys in which two recipes differ, defaults included")
    .option("--json", "print {differences} as JSON")
    .action(async (a: string, b: string, flags: { json?: boolean }) => {
      const { differences, resolvedValues } = await import("../../recipes/resolved.js");
      const [left, right] = [await knownRecipe(io, a), await knownRecipe(io, b)];
      const found = differences(resolvedValues(left.loaded), resolvedValues(right.loaded));
      if (flags.json) return writeJson(io, { ok: true, differences: found });
      const { differencesText } = await import("../views/explanation.js");
      io.out.write(differencesText(found, { a, b }));
    });
}
