// A model folder's tokenizer (tokenizer.json, tokenizer_config.json), as the engine's transformers would load it.
import { bytesOf } from "./bytes.js";
import { compileEncoder, type Encoder } from "./encoder.js";
import { badTokenizer, type LoadedTokenizer, loadDescription } from "./load-description.js";
import { namesByteLevel } from "./transformers-classes.js";

export interface ModelTokenizer {
  /** Ids of a rendered template, which holds its own special tokens. */
  encode(text: string): number[];
  /**
   * As `encode`, with the range of each token in the text, in UTF-16 units: transformers' offset_mapping, but for the unit. Tokens that
   * share a character each have its whole range. Null where the tokenizer has a part for which that is not known.
   */
  encodeWithOffsets(text: string): EncodingWithOffsets;
  /** Ids of plain text, with the special tokens that the tokenizer adds by itself. */
  encodePlain(text: string): number[];
  /** Text of one token, as in the vocabulary. */
  token(id: number): string;
  /** Text that a token stands for, for people to read; bytes that are no whole character as <0xE2>. */
  tokenText(id: number): string;
  /** Contents of the added tokens marked special. */
  specialTokens: string[];
  isSpecial(id: number): boolean;
  /** Beside the vocabulary, special or not: <think>. */
  isAdded(id: number): boolean;
  eosToken: string | null;
  eosId: number | null;
  bosId: number | null;
  /** bos_token, eos_token ... as templates see them. */
  templateVariables: Record<string, string>;
}

type EncodingWithOffsets =
  | { ids: number[]; starts: number[]; ends: number[] }
  | { ids: number[]; starts: null; ends: null };

/** @throws FtError model.no-tokenizer, model.bad-tokenizer (exit environment) */
export async function loadTokenizer(dir: string): Promise<ModelTokenizer> {
  const loaded = await loadDescription(dir);
  const { description, vocabulary, namedTokens } = loaded;
  const addedTexts = new Map(description.added_tokens.map(({ id, content }) => [id, content]));
  const addedIds = new Map(description.added_tokens.map(({ id, content }) => [content, id]));
  let texts: string[] | null = null;
  const inVocabulary = (id: number) => {
    if (!texts) {
      texts = [];
      for (const [token, id] of vocabulary) texts[id] = token;
    }
    return texts[id];
  };
  const token = (id: number) => addedTexts.get(id) ?? inVocabulary(id) ?? `#${id}`;
  const encoder = compileEncoder(description, vocabulary, token) ?? (await fallback(dir, loaded));
  const isByteLevel = namesByteLevel(description);
  const special = description.added_tokens.filter((each) => each.special);
  const specialIds = new Set(special.map((each) => each.id));
  const eosToken = namedTokens.eos_token ?? null;
  const idOf = (token = "") => addedIds.get(token) ?? vocabulary.get(token) ?? null;
  return {
    encode: (text) => encoder.encode(text, { offsets: false }).ids,
    encodeWithOffsets(text) {
      const { ids, offsets } = encoder.encode(text, { offsets: true });
      return offsets ? { ids, ...offsets } : { ids, starts: null, ends: null };
    },
    encodePlain: encoder.encodePlain,
    token,
    tokenText: (id) => addedTexts.get(id) ?? readable(token(id), isByteLevel),
    specialTokens: special.map((each) => each.content),
    isSpecial: (id) => specialIds.has(id),
    isAdded: (id) => addedTexts.has(id),
    eosToken,
    eosId: idOf(namedTokens.eos_token),
    bosId: idOf(namedTokens.bos_token),
    templateVariables: namedTokens,
  };
}

async function fallback(dir: string, { description, settings }: LoadedTokenizer): Promise<Encoder> {
  const { libraryEncoder } = await import("./library-encoder.js");
  try {
    return libraryEncoder(description, settings);
  } catch (error) {
    throw badTokenizer(dir, "tokenizer.json", error);
  }
}

function readable(token: string, isByteLevel: boolean): string {
  if (!isByteLevel) return token.replaceAll("\u2581", " ");
  const bytes = bytesOf(token);
  if (!bytes) return token;
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return [...bytes]
      .map((byte) => (byte < 0x80 ? String.fromCharCode(byte) : `<0x${byte.toString(16).toUpperCase()}>`))
      .join("");
  }
}
