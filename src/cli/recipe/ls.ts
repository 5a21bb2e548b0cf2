// `ft recipe ls`: the built-in recipes.
import type { Command } from "commander";
import { writeJson } from "../io.js";
import type { CommandContext } from "../program.js";

export function registerLs(recipe: Command, { io }: CommandContext): void {
  recipe
    .command("ls")
    .description("list the built-in recipes")
    .option("--json", "print them as JSON")
    .action(async (flags: { json?: boolean }) => {
      const { builtInRecipes } = await import("../../recipes/built-in.js");
      const recipes = builtInRecipes();
      if (flags.json) return writeJson(io, { ok: true, recipes });
      const { plainTable } = await import("../views/plain-table.js");
      const head = [{ head: "name" }, { head: "fits" }, { head: "for" }];
      const rows = recipes.map(({ name, fits, purpose }) => [name, fits.replace(/ \(.*/, ""), purpose]);
      io.out.write(`${plainTable(head, rows).join("\n")}\n`);
      io.err.write("\nuse one: `extends: <name>` in ft.yaml; look at one: ft recipe show <name>\n");
    });
}
