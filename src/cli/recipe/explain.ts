// `ft recipe explain`: why each key is what it is.
import type { Command } from "commander";
import { writeJson } from "../io.js";
import type { CommandContext } from "../program.js";
import { collect } from "../render.js";
import { knownRecipe } from "./known-recipe.js";

interface Flags {
  recipe?: string;
  set?: string[];
  json?: boolean;
}

export function registerExplain(recipe: Command, { io }: CommandContext): void {
  recipe
    .command("explain [key]")
    .description(
      "say what was chosen and why: for one key, all below it, or every key that ft chooses by model and data",
    )
    .option("--recipe <file>", "the recipe (default ft.yaml, or a built-in one by name)")
    .option("--set <key=value>", "change a key of the recipe; repeatable", collect)
    .option("--json", "print the explanations as JSON")
    .action(async (key: string | undefined, flags: Flags) => {
      const { loaded, model, dataset, device } = await knownRecipe(io, flags.recipe ?? "ft.yaml", flags.set);
      const { choiceFacts } = await import("../../pipeline/refine.js");
      const { explainRecipe, selectKeys } = await import("../../recipes/explain.js");
      const all = explainRecipe(loaded, choiceFacts(model, dataset, device));
      const shown = key === undefined ? all.filter(({ choice }) => choice) : selectKeys(all, key);
      if (flags.json) return writeJson(io, { ok: true, keys: shown });
      const { explanationText } = await import("../views/explanation.js");
      io.out.write(explanationText(shown, io.out.columns));
    });
}
