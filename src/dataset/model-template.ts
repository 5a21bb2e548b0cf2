// Reads the chat template out of a model folder: chat_template.jinja, else tokenizer_config.json.
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import type { ChatTemplate } from "../models/facts.js";

/** Null when the folder has none. */
export async function readModelTemplate(dir: string): Promise<ChatTemplate | null> {
  const source = (await readIfThere(join(dir, "chat_template.jinja"))) ?? (await fromConfig(dir));
  if (source === null) return null;
  return {
    source,
    sha256: createHash("sha256").update(source).digest("hex"),
    origin: "model",
    hasGenerationMarkers: /\{%[-+]?\s*generation\s*[-+]?%\}/.test(source),
  };
}

/** A string, or named variants of which `default` is the chat template. */
const configSchema = z.looseObject({
  chat_template: z
    .union([z.string(), z.array(z.looseObject({ name: z.string(), template: z.string() }))])
    .nullish()
    .catch(null),
});

async function fromConfig(dir: string): Promise<string | null> {
  const text = await readIfThere(join(dir, "tokenizer_config.json"));
  if (text === null) return null;
  const config = configSchema.safeParse(parseJson(text));
  const template = config.data?.chat_template ?? null;
  if (template === null || typeof template === "string") return template;
  return template.find(({ name }) => name === "default")?.template ?? null;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

async function readIfThere(path: string): Promise<string | null> {
  return readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return null;
    throw error;
  });
}
