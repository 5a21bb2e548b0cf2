// Writes changes into a recipe's file and leaves all else as it is: comments, order, references to the environment.
import { readFileSync, writeFileSync } from "node:fs";
import { parseDocument } from "yaml";
import { FtError } from "../errors.js";
import { applySets } from "./apply-sets.js";
import { hideBraces, showBraces } from "./environment.js";

/** `sets` as `--set` takes them: "train.micro_batch=2". Throws FtError recipe.invalid for a file that is no YAML map, usage.set. */
export function applyChanges(file: string, sets: readonly string[]): void {
  const document = parseDocument(hideBraces(readFileSync(file, "utf8")));
  const [error] = document.errors;
  if (error) {
    throw new FtError({ code: "recipe.invalid", exit: "recipe", message: `${file} is no YAML`, why: error.message });
  }
  applySets(document, [...sets]);
  writeFileSync(file, showBraces(document.toString({ lineWidth: 0 })));
}
