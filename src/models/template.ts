// The chat template that training, checks and evaluation use: the model's own, a built-in one, or the person's file.

import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { FtError } from "../errors.js";
import { nearest } from "../nearest.js";
import { packageRoot } from "../paths.js";
import type { ChatTemplate } from "./facts.js";

const builtinDir = join(packageRoot, "trainer/templates");

/** Names that `model.template` takes besides auto and files; each is trainer/templates/<name>.jinja. */
export function builtinTemplates(): string[] {
  return readdirSync(builtinDir)
    .filter((name) => name.endsWith(".jinja"))
    .map((name) => name.slice(0, -".jinja".length))
    .sort();
}

/**
 * `setting` is `model.template` of the recipe; `dir` the model's folder, null while it is not fetched. Null: the model has no
 * template, or it is not known yet. Throws FtError (exit recipe) template.unknown, template.missing.
 */
export function readTemplate(setting: string, { dir, cwd }: { dir: string | null; cwd: string }): ChatTemplate | null {
  if (setting === "auto") {
    const own = dir === null ? null : modelTemplate(dir);
    return own === null ? null : chatTemplate(own, "model");
  }
  if (/\.(jinja2?|j2)$/.test(setting) || setting.includes("/"))
    return chatTemplate(readFile(resolve(cwd, setting)), `file:${setting}`);
  const names = builtinTemplates();
  if (!names.includes(setting)) throw unknownTemplate(setting, names);
  return chatTemplate(readFile(join(builtinDir, `${setting}.jinja`)), `builtin:${setting}`);
}

function chatTemplate(source: string, origin: string): ChatTemplate {
  return {
    source,
    sha256: createHash("sha256").update(source).digest("hex"),
    origin,
    hasGenerationMarkers: /\{%[-+]?\s*generation\s*[-+]?%\}/.test(source),
  };
}

/** Where transformers looks, in its order: chat_template.jinja, then tokenizer_config.json (one string, or named ones). */
function modelTemplate(dir: string): string | null {
  const file = join(dir, "chat_template.jinja");
  if (existsSync(file)) return readFileSync(file, "utf8");
  const config =
    readJson(join(dir, "tokenizer_config.json"))?.chat_template ??
    readJson(join(dir, "chat_template.json"))?.chat_template;
  if (typeof config === "string") return config;
  if (!Array.isArray(config)) return null;
  const named = config as { name?: unknown; template?: unknown }[];
  const chosen = named.find(({ name }) => name === "default");
  return typeof chosen?.template === "string" ? chosen.template : null;
}

function readJson(file: string): Record<string, unknown> | null {
  try {
    return JSON.parse(readFileSync(file, "utf8")) as Record<string, unknown>;
  } catch {
    return null;
  }
}

function readFile(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    throw new FtError({
      code: "template.missing",
      exit: "recipe",
      message: `model.template: can't read ${file} (${(error as NodeJS.ErrnoException).code})`,
      next: "give an existing .jinja file, relative to the recipe, or a built-in name",
    });
  }
}

function unknownTemplate(setting: string, names: string[]): FtError {
  const near = nearest(setting, names);
  return new FtError({
    code: "template.unknown",
    exit: "recipe",
    message: `model.template: no built-in template is called ${setting}`,
    ...(near ? { why: `did you mean ${near}?` } : {}),
    next: `use auto (the model's own), one of ${names.join(", ")}, or a .jinja file`,
  });
}
