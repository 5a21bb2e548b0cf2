// `ft schema`: the recipe's JSON Schema, for editors and other tools.
import type { Command } from "commander";
import { writeJson } from "./io.js";
import type { CommandContext } from "./program.js";

export function registerSchema(program: Command, { io }: CommandContext): void {
  program
    .command("schema")
    .description("print the JSON Schema of recipes, for editors")
    .option("--write", "write it to .ft/recipe.schema.json, where ft.yaml's first line looks for it")
    .option("--json", "the same: it is JSON")
    .action(async (flags: { write?: boolean }) => {
      if (flags.write) {
        const { writeSchema } = await import("../recipes/init.js");
        return io.out.write(`${writeSchema(io.cwd)}\n`);
      }
      const { recipeJsonSchema } = await import("../recipes/json-schema.js");
      writeJson(io, recipeJsonSchema());
    });
}
