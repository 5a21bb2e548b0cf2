// Reads a model folder's tokenizer files, and completes tokenizer.json as transformers does when it loads them.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { FtError } from "../../errors.js";
import type { AddedToken } from "./added-tokens.js";
import type { TokenizerDescription } from "./encoder.js";
import { type ClassSettings, transformersClass } from "./transformers-classes.js";

export interface LoadedTokenizer {
  description: TokenizerDescription;
  vocabulary: Map<string, number>;
  /** bos_token, eos_token ... by name. */
  namedTokens: Record<string, string>;
  /** tokenizer_config.json over special_tokens_map.json. */
  settings: object;
}

/** @throws FtError model.no-tokenizer, model.bad-tokenizer (exit environment) */
export async function loadDescription(dir: string): Promise<LoadedTokenizer> {
  const file = tokenizerSchema.safeParse(await readJson(dir, "tokenizer.json", true));
  if (!file.success) throw badTokenizer(dir, "tokenizer.json", file.error);
  const config = configSchema.safeParse(await readJson(dir, "tokenizer_config.json", false));
  const map = configSchema.safeParse(await readJson(dir, "special_tokens_map.json", false));
  const model = modelSchema.safeParse(await readJson(dir, "config.json", false));
  const settings = { ...map.data, ...config.data };
  const given = file.data as unknown as TokenizerDescription;
  const vocabulary = new Map<string, number>();
  // Of hundreds of thousands of entries a list of pairs would cost as much again.
  if (!Array.isArray(given.model.vocab))
    for (const token in given.model.vocab) vocabulary.set(token, given.model.vocab[token]!);

  const classSettings: ClassSettings = { ...settings, unk_token: contentOf(settings.unk_token) ?? undefined };
  if (!settings.tokenizer_class) classSettings.tokenizer_class = model.data?.tokenizer_class;
  const tokenizerClass = transformersClass(given, classSettings, model.data?.model_type);
  const description = tokenizerClass ? tokenizerClass.rebuild(given, classSettings) : given;

  const namedTokens: Record<string, string> = {};
  for (const name of specialNames) {
    const content = contentOf(settings[name]);
    if (content) namedTokens[name] = content;
  }
  const added = addedTokens(given.added_tokens, settings.added_tokens_decoder, vocabulary, tokenizerClass !== null);
  const missing = [
    ...specialNames.map((name) => settings[name] ?? (name in settings ? null : tokenizerClass?.defaults[name])),
    ...extraTokens(settings),
  ];
  for (const token of missing) addMissing(added, token, vocabulary);
  if (tokenizerClass?.readdsNamedTokens) {
    for (const content of Object.values(namedTokens)) Object.assign(added.get(content)!, verbatim);
  }
  return { description: { ...description, added_tokens: [...added.values()] }, vocabulary, namedTokens, settings };
}

/** Tokens of tokenizer_config.json count, where it has any; those of tokenizer.json stay unless the class builds anew. */
function addedTokens(
  inFile: WrittenToken[],
  inConfig: Record<string, WrittenToken> | undefined,
  vocabulary: ReadonlyMap<string, number>,
  isRebuilt: boolean,
): Map<string, AddedToken> {
  const added = new Map<string, AddedToken>();
  if (!isRebuilt || !inConfig) for (const token of inFile) addToken(added, token, vocabulary);
  const configured = Object.entries(inConfig ?? {}).sort(([a], [b]) => Number(a) - Number(b));
  for (const [, token] of configured) addToken(added, token, vocabulary);
  return added;
}

type WrittenToken = Omit<AddedToken, "id">;

/** Ids in the files say nothing: a token has that of the vocabulary, or becomes the last one. */
function addToken(added: Map<string, AddedToken>, token: WrittenToken, vocabulary: ReadonlyMap<string, number>): void {
  const { content } = token;
  if (content === "") return;
  let id = added.get(content)?.id ?? vocabulary.get(content);
  if (id === undefined) {
    id = vocabulary.size;
    for (const other of added.values()) id = Math.max(id, other.id + 1);
  }
  added.set(content, { ...token, id });
}

function addMissing(added: Map<string, AddedToken>, token: NamedToken, vocabulary: ReadonlyMap<string, number>): void {
  const content = contentOf(token);
  if (content === null || added.has(content)) return;
  const flags = typeof token === "object" ? token : {};
  addToken(added, { ...verbatim, ...flags, special: true, content }, vocabulary);
}

const verbatim = { single_word: false, lstrip: false, rstrip: false, normalized: false, special: true };

function extraTokens(settings: z.infer<typeof configSchema>): NamedToken[] {
  const { extra_special_tokens: extra, additional_special_tokens: additional } = settings;
  const listed = extra && Object.keys(extra).length > 0 ? extra : (additional ?? []);
  const own = Object.entries(settings).filter(
    ([key, value]) =>
      key.endsWith("_token") && !(specialNames as readonly string[]).includes(key) && typeof value === "string",
  );
  return [...own.map(([, value]) => value as string), ...Object.values(listed)];
}

function contentOf(token: NamedToken): string | null {
  if (token === null || token === undefined) return null;
  return typeof token === "string" ? token : token.content;
}

const specialNames = [
  "bos_token",
  "eos_token",
  "unk_token",
  "sep_token",
  "pad_token",
  "cls_token",
  "mask_token",
] as const;

const flag = z.boolean().default(false);
const addedTokenSchema = z.looseObject({
  content: z.string(),
  single_word: flag,
  lstrip: flag,
  rstrip: flag,
  normalized: z.boolean().optional(),
  special: flag,
});
const withFlags = addedTokenSchema.transform((token) => ({ ...token, normalized: token.normalized ?? !token.special }));

const tokenSchema = z.union([z.string(), z.looseObject({ content: z.string() })]).nullish();
type NamedToken = z.infer<typeof tokenSchema>;

const configSchema = z.looseObject({
  bos_token: tokenSchema,
  eos_token: tokenSchema,
  unk_token: tokenSchema,
  sep_token: tokenSchema,
  pad_token: tokenSchema,
  cls_token: tokenSchema,
  mask_token: tokenSchema,
  added_tokens_decoder: z.record(z.string(), withFlags).optional().catch(undefined),
  additional_special_tokens: z.array(tokenSchema).nullish().catch(undefined),
  extra_special_tokens: z
    .union([z.array(tokenSchema), z.record(z.string(), tokenSchema)])
    .nullish()
    .catch(undefined),
  tokenizer_class: z.string().nullish().catch(undefined),
  add_prefix_space: z.boolean().nullish().catch(undefined),
  legacy: z.boolean().nullish().catch(undefined),
});

const modelSchema = z.looseObject({
  model_type: z.string().optional().catch(undefined),
  tokenizer_class: z.string().nullish().catch(undefined),
});

const tokenizerSchema = z.looseObject({
  model: z.looseObject({}),
  added_tokens: z.array(withFlags.and(z.looseObject({ id: z.int() }))),
});

async function readJson(dir: string, name: string, required: boolean): Promise<unknown> {
  const text = await readFile(join(dir, name), "utf8").catch((error: NodeJS.ErrnoException) => {
    if (!required && error.code === "ENOENT") return "{}";
    throw new FtError({
      code: "model.no-tokenizer",
      exit: "environment",
      message: `the model folder ${dir} has no readable ${name}`,
      why: error.message,
      next: "name a folder with a model in Hugging Face layout (config.json, tokenizer.json, ...)",
      cause: error,
    });
  });
  try {
    return JSON.parse(text);
  } catch (error) {
    throw badTokenizer(dir, name, error);
  }
}

export function badTokenizer(dir: string, name: string, cause: unknown): FtError {
  return new FtError({
    code: "model.bad-tokenizer",
    exit: "environment",
    message: `the tokenizer in ${dir} cannot be loaded`,
    where: { file: join(dir, name) },
    why: cause instanceof Error ? cause.message.split("\n")[0]! : String(cause),
    next: "fetch the model again",
    cause,
  });
}
