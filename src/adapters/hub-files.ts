// Which files an adapter may consist of on the Hub: what loads it and what tells of it. Nothing else that lies in a folder goes there, or is taken from there.
import { FtError } from "../errors.js";
import type { AdapterFile } from "./lineage.js";

const allowed = /^(?!.*(^|\/)\.)[\w.-]+(\/[\w.-]+){0,3}$/;
const kinds = /\.(safetensors|json|jinja|txt|model|tiktoken|md)$/;

/** Throws FtError hub.file-kind (data) naming the first file that is not of the kinds, hidden, or outside of the folder. */
export function requireAllowedFiles(files: AdapterFile[], where: string): void {
  const found = files.find(({ path }) => !allowed.test(path) || !kinds.test(path));
  if (!found) return;
  throw new FtError({
    code: "hub.file-kind",
    exit: "data",
    message: `${JSON.stringify(found.path)} of ${where} is no file that an adapter consists of`,
    why: "weights as .safetensors, and .json, .jinja, .txt, .model, .tiktoken and .md files go to and come from the Hub",
    next: "nothing was sent or kept; look at how the file came there",
  });
}
