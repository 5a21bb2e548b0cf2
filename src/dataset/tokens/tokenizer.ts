// Loads a model folder's tokenizer (tokenizer.json, tokenizer_config.json) as the engine's tokenizer would read it.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { Tokenizer as HubTokenizer } from "@huggingface/tokenizers";
import { z } from "zod";
import { FtError } from "../../errors.js";

export interface ModelTokenizer {
  /** Ids of a rendered template, which holds its own special tokens. */
  encode(text: string): number[];
  /** As `encode`, with the byte of the text (UTF-8) at which each token ends; null where that can't be told (not byte-level, or normalised). */
  encodeWithEnds(text: string): { ids: number[]; ends: number[] | null };
  /** Ids of plain text, with the special tokens that the tokenizer adds by itself. */
  encodePlain(text: string): number[];
  /** Text of one token, as in the vocabulary. */
  token(id: number): string;
  /** Contents of the added tokens marked special. */
  specialTokens: string[];
  isSpecial(id: number): boolean;
  eosToken: string | null;
  eosId: number | null;
  bosId: number | null;
  /** bos_token, eos_token ... as templates see them. */
  templateVariables: Record<string, string>;
}

/** @throws FtError model.no-tokenizer, model.bad-tokenizer (exit environment) */
export async function loadTokenizer(dir: string): Promise<ModelTokenizer> {
  const tokenizerJson = tokenizerSchema.safeParse(await readJson(dir, "tokenizer.json", true));
  const config = configSchema.safeParse(await readJson(dir, "tokenizer_config.json", false));
  const map = configSchema.safeParse(await readJson(dir, "special_tokens_map.json", false));
  if (!tokenizerJson.success) throw badTokenizer(dir, "tokenizer.json", tokenizerJson.error);
  const settings = { ...map.data, ...config.data };
  const hub = build(dir, withUnicodeDigits(tokenizerJson.data), settings);
  const templateVariables: Record<string, string> = {};
  for (const name of specialNames) {
    const token = settings[name];
    if (token) templateVariables[name] = typeof token === "string" ? token : token.content;
  }
  const addedTokens = new Set(tokenizerJson.data.added_tokens.map((token) => token.content));
  const special = tokenizerJson.data.added_tokens.filter((token) => token.special);
  const specialIds = new Set(special.map((token) => token.id));
  const eosToken = templateVariables.eos_token ?? null;
  const idOf = (token: string | undefined) => (token === undefined ? null : (hub.token_to_id(token) ?? null));
  return {
    encode: (text) => (text === "" ? [] : hub.encode(text, { add_special_tokens: false }).ids),
    encodeWithEnds(text) {
      const { ids, tokens } = hub.encode(text, { add_special_tokens: false });
      return { ids, ends: byteEnds(tokens, addedTokens, Buffer.byteLength(text)) };
    },
    encodePlain: (text) => hub.encode(text, { add_special_tokens: true }).ids,
    token: (id) => hub.id_to_token(id) ?? `#${id}`,
    specialTokens: special.map((token) => token.content).filter((content) => content !== ""),
    isSpecial: (id) => specialIds.has(id),
    eosToken,
    eosId: idOf(templateVariables.eos_token),
    bosId: idOf(templateVariables.bos_token),
    templateVariables,
  };
}

/** In a byte-level vocabulary each character of a token stands for one byte; that the sum fits proves that this is one. */
function byteEnds(tokens: string[], addedTokens: ReadonlySet<string>, totalBytes: number): number[] | null {
  let end = 0;
  const ends = tokens.map((token) => {
    end += addedTokens.has(token) ? Buffer.byteLength(token) : token.length;
    return end;
  });
  return end === totalBytes ? ends : null;
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

const tokenSchema = z.union([z.string(), z.looseObject({ content: z.string() })]).nullish();

const configSchema = z.looseObject({
  bos_token: tokenSchema,
  eos_token: tokenSchema,
  unk_token: tokenSchema,
  sep_token: tokenSchema,
  pad_token: tokenSchema,
  cls_token: tokenSchema,
  mask_token: tokenSchema,
});

const tokenizerSchema = z.looseObject({
  pre_tokenizer: z.looseObject({ type: z.string() }).nullish(),
  model: z.looseObject({}),
  added_tokens: z.array(z.looseObject({ id: z.int(), content: z.string(), special: z.boolean().default(false) })),
});

interface PreTokenizer {
  type: string;
  individual_digits?: boolean | undefined;
  pretokenizers?: PreTokenizer[] | undefined;
}

/** The Rust step Digits splits at every Unicode number (\u00be, \u0663, ...); the JavaScript port only at 0-9. A Split by pattern does what Rust does. */
function withUnicodeDigits<T extends { pre_tokenizer?: unknown }>(tokenizerJson: T): T {
  const mend = (step: PreTokenizer): object => {
    if (step.type === "Sequence") return { ...step, pretokenizers: step.pretokenizers?.map(mend) };
    if (step.type !== "Digits") return step;
    const pattern = { Regex: `[^\\p{N}]+|\\p{N}${step.individual_digits ? "" : "+"}` };
    return { type: "Split", pattern, behavior: "Removed", invert: true };
  };
  const { pre_tokenizer: first } = tokenizerJson;
  return first ? { ...tokenizerJson, pre_tokenizer: mend(first as PreTokenizer) } : tokenizerJson;
}

function build(dir: string, tokenizerJson: object, config: object): HubTokenizer {
  try {
    return new HubTokenizer(tokenizerJson, config);
  } catch (error) {
    throw badTokenizer(dir, "tokenizer.json", error);
  }
}

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

function badTokenizer(dir: string, name: string, cause: unknown): FtError {
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
