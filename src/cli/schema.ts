// `ft schema`: the recipe's JSON Schema, for editors and other tools.
import type { Command } from "commander";
import { writeJson } from "./io.js";
import type { CommandContext } from "./program.js";

export function registerSchema(program: Command, { io }: CommandContext): void {
  program
    .command("schema")
    .description("print the JSON Schema of recipes, for editors")
    .option("--json", "the same: it is JSON")
    .action(async () => {
      const { recipeJsonSchema } = await import("../recipes/json-schema.js");
      writeJson(io, recipeJsonSchema());
    });
}
