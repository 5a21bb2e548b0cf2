// From what a person typed as `model.base` to where the model comes from. Looks at the disk, never at the network.
import { existsSync, statSync } from "node:fs";
import { homedir } from "node:os";
import { resolve } from "node:path";
import { distance } from "fastest-levenshtein";
import { FtError } from "../errors.js";
import type { Env } from "../paths.js";
import { type CatalogueEntry, catalogue, findAlias, findHubId } from "./catalogue.js";
import { misnamed } from "./misnamed.js";
import { missingParts, readConfigFacts } from "./model-folder.js";

interface Resolved {
  /** What the person typed. */
  asked: string;
  /** To be shown when what is used is not what was typed. */
  notice: string | null;
  family: string | null;
  maxContext: number | null;
}

export type ResolvedModel = Resolved &
  (
    | { source: "hub"; id: string /** Branch, tag or commit. */; revision: string; gated: boolean }
    /** Hub model that ft can also get without the Hub. */
    | { source: "embedded"; id: string; revision: string; gated: boolean }
    /** `id` is the absolute path of the folder or file. */
    | { source: "folder"; id: string }
    | { source: "gguf"; id: string }
  );

export interface ResolveOptions {
  /** Relative paths are read from here: the recipe's folder. */
  cwd: string;
  /** Of a hub model; default main. */
  revision?: string | undefined;
  env: Env;
}

const hubIdPattern = /^[\w.-]+\/[\w.-]+$/;
const embeddedAlias = "smollm2-135m";

/**
 * Alias, hub id (`org/name`), folder, or `.gguf` file. An alias wins over a folder of the same name; `./name` means the folder.
 * Throws FtError (exit recipe): model.unknown, model.missing, model.incomplete, model.revision.
 */
export function resolveModel(asked: string, options: ResolveOptions): ResolvedModel {
  const entry = findAlias(asked);
  if (entry) return fromCatalogue(asked, entry, options, null);
  const wrong = misnamed.find(({ typed }) => typed === asked.toLowerCase());
  if (wrong) return fromCatalogue(asked, findAlias(wrong.use)!, options, wrong.notice);

  const path = resolve(options.cwd, asked.replace(/^~(?=\/)/, options.env.HOME || homedir()));
  if (looksLikePath(asked) || existsSync(path)) return fromPath(asked, path, options);
  if (hubIdPattern.test(asked)) {
    const known = findHubId(asked);
    return {
      asked,
      source: "hub",
      id: asked,
      revision: options.revision ?? "main",
      gated: known?.gated ?? false,
      notice: null,
      family: known?.family ?? null,
      maxContext: known?.maxContext ?? null,
    };
  }
  throw unknownModel(asked);
}

function fromCatalogue(
  asked: string,
  entry: CatalogueEntry,
  options: ResolveOptions,
  notice: string | null,
): ResolvedModel {
  return {
    asked,
    source: entry.alias === embeddedAlias ? "embedded" : "hub",
    id: entry.hubId,
    revision: options.revision ?? "main",
    gated: entry.gated,
    notice,
    family: entry.family,
    maxContext: entry.maxContext,
  };
}

function looksLikePath(asked: string): boolean {
  return /^(\.{1,2}\/|\/|~\/)/.test(asked) || asked.toLowerCase().endsWith(".gguf");
}

function fromPath(asked: string, path: string, { revision }: ResolveOptions): ResolvedModel {
  const info = statSync(path, { throwIfNoEntry: false });
  if (!info) {
    throw new FtError({
      code: "model.missing",
      exit: "recipe",
      message: `model.base: ${path} does not exist`,
      next: "give an existing folder or .gguf file, an alias such as smollm2-135m, or a hub id such as Qwen/Qwen3-8B",
    });
  }
  if (revision !== undefined) {
    throw new FtError({
      code: "model.revision",
      exit: "recipe",
      message: `model.revision is for hub models, and ${asked} is a local ${info.isDirectory() ? "folder" : "file"}`,
      next: "remove model.revision; ft pins local weights by their sha256",
    });
  }
  if (info.isFile() && path.toLowerCase().endsWith(".gguf")) {
    return { asked, source: "gguf", id: path, notice: null, family: null, maxContext: null };
  }
  if (!info.isDirectory()) {
    throw new FtError({
      code: "model.incomplete",
      exit: "recipe",
      message: `model.base: ${path} is a file, but neither a model folder nor a .gguf file`,
      next: "give the folder that holds config.json, the tokenizer and the .safetensors weights",
    });
  }
  const missing = missingParts(path);
  if (missing.length > 0) {
    throw new FtError({
      code: "model.incomplete",
      exit: "recipe",
      message: `model.base: the folder ${path} is not a complete model`,
      problems: missing.map((part) => ({ message: `missing: ${part}` })),
      next: "add what is missing, or name another model",
    });
  }
  return { asked, source: "folder", id: path, notice: null, ...readConfigFacts(path) };
}

function unknownModel(asked: string): FtError {
  const typed = asked.toLowerCase();
  const nearest = catalogue()
    .map(({ alias }) => ({ alias, edits: alias.startsWith(typed) ? 0 : distance(typed, alias) }))
    .sort((a, b) => a.edits - b.edits)
    .filter(({ edits }) => edits <= Math.max(2, Math.floor(typed.length / 3)))
    .slice(0, 3)
    .map(({ alias }) => alias);
  return new FtError({
    code: "model.unknown",
    exit: "recipe",
    message: `no model is called ${asked}`,
    ...(nearest.length > 0 ? { why: `did you mean ${nearest.join(", ")}?` } : {}),
    next: "name an alias, a hub id (org/name), a folder (./path), or a .gguf file",
  });
}
