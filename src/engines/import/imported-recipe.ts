// The text of an imported recipe: what could be said, and below it, as comments, what could not.
import { stringify } from "yaml";
import { schemaFile } from "../../recipes/write.js";
import type { Imported } from "./dialect.js";

/** @param name of the runs; `from` the file that it was made from */
export function importedRecipe(
  { dialect, recipe, notEquivalent, notes }: Imported,
  name: string,
  from: string,
): string {
  const head = [
    `# yaml-language-server: $schema=${schemaFile}`,
    `# from ${from} (${dialect}), by ft init --from`,
    ...notes.map((note) => `# ${note}`),
  ];
  const body = stringify({ name, ...recipe }, { compat: "yaml-1.1", lineWidth: 0 });
  const lost = notEquivalent.map(({ key, value, why }) => `#   ${key}: ${JSON.stringify(value)}  (${why})`);
  const tail = lost.length > 0 ? ["", "# Without an equivalent here:", ...lost] : [];
  return `${[...head, body.trimEnd(), ...tail].join("\n")}\n`;
}
