// Writes changes into a recipe's file and leaves all else as it is: comments, order, line ends, references to the environment.
import { readFileSync, writeFileSync } from "node:fs";
import { parseDocument } from "yaml";
import { FtError } from "../errors.js";
import { applySets } from "./apply-sets.js";
import { hideBraces, showBraces } from "./environment.js";

/** `sets` as `--set` takes them: "train.micro_batch=2". Throws FtError recipe.invalid for a file that is no YAML map, usage.set. */
export function applyChanges(file: string, sets: readonly string[]): void {
  const text = readFileSync(file, "utf8");
  const document = parseDocument(hideBraces(text));
  const [error] = document.errors;
  if (error) {
    throw new FtError({ code: "recipe.invalid", exit: "recipe", message: `${file} is no YAML`, why: error.message });
  }
  applySets(document, [...sets]);
  const changed = showBraces(document.toString({ lineWidth: 0 }));
  writeFileSync(file, text.includes("\r\n") ? changed.replaceAll(/\r?\n/g, "\r\n") : changed);
}
