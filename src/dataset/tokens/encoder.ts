// From text to ids with the part of the text that each stands for, as the Rust library `tokenizers` 0.23 does it: added tokens, normalizer,
// pre-tokenizer, model, post-processor.
import { type AddedToken, compileAddedTokens } from "./added-tokens.js";
import { type BpeModel, compileBpe, type PieceTokens } from "./bpe.js";
import { compileNormalizer, type NormalizerStep } from "./normalize.js";
import { compilePostProcessor, type PostProcessorStep, trimOffsets } from "./post-process.js";
import { compilePreTokenizer, type PreTokenizerStep } from "./pre-tokenize.js";
import { type Section, sliceSection } from "./section.js";

export interface TokenizerDescription {
  normalizer?: NormalizerStep | null;
  pre_tokenizer?: PreTokenizerStep | null;
  post_processor?: PostProcessorStep | null;
  model: BpeModel;
  added_tokens: AddedToken[];
  decoder?: unknown;
  truncation?: unknown;
}

interface Encoding {
  ids: number[];
  /** Range of each token in the text, in UTF-16 units; null: not asked for, or not known. */
  offsets: { starts: number[]; ends: number[] } | null;
}

export interface Encoder {
  encode(text: string, wanted: { offsets: boolean }): Encoding;
  /** Ids with those that the post-processor puts around a text. */
  encodePlain(text: string): number[];
}

/** Null: the description has a part that is not known here in every detail. */
export function compileEncoder(
  description: TokenizerDescription,
  vocabulary: ReadonlyMap<string, number>,
  token: (id: number) => string,
): Encoder | null {
  if ((description.model.type ?? "BPE") !== "BPE" || description.truncation) return null;
  const normalize = compileNormalizer(description.normalizer);
  const preTokenizer = compilePreTokenizer(description.pre_tokenizer);
  const post = compilePostProcessor(description.post_processor);
  if (!normalize || !preTokenizer || !post) return null;
  const bpe = compileBpe(description.model, vocabulary, preTokenizer.isByteLevel);
  if (!bpe) return null;

  const verbatim = description.added_tokens.filter((each) => !each.normalized);
  const normalized = description.added_tokens.filter((each) => each.normalized);
  const findVerbatim = compileAddedTokens(new Map(verbatim.map((each) => [each.content, each])));
  const findNormalized = compileAddedTokens(
    new Map(normalized.map((each) => [normalize({ text: each.content, at: 0, alignment: null }).text, each])),
  );

  const encodeWords = (section: Section, out: Sink) => {
    const whole = preTokenizer.transform(section);
    const pieces = preTokenizer.split ? preTokenizer.split(whole.text) : [whole.text];
    let at = 0;
    for (const piece of pieces) {
      for (const word of bpe.cut ? bpe.cut(piece) : [piece]) {
        out.addWord(whole, at, word.length, bpe.tokenize(word));
        at += word.length;
      }
    }
  };
  const inSections = (find: typeof findVerbatim, section: Section, out: Sink, each: (rest: Section) => void) => {
    const found = find(section.text);
    if (found.length === 0) return each(section);
    let last = 0;
    for (const { id, start, end } of found) {
      if (start > last) each(sliceSection(section, last, start));
      out.addMatch(section, id, start, end);
      last = end;
    }
    if (last < section.text.length) each(sliceSection(section, last, section.text.length));
  };

  const encode: Encoder["encode"] = (text, wanted) => {
    const out = sink(wanted.offsets);
    if (text !== "") {
      inSections(findVerbatim, { text, at: 0, alignment: null }, out, (raw) => {
        inSections(findNormalized, normalize(raw), out, (section) => {
          if (section.text !== "") encodeWords(section, out);
        });
      });
    }
    const offsets = bpe.hasLostTrack() || !wanted.offsets ? null : { starts: out.starts, ends: out.ends };
    if (offsets && post.trims.length > 0) {
      const tokens = out.ids.map((id, at) => out.matched.get(at) ?? token(id));
      for (const trim of post.trims) trimOffsets(text, offsets, tokens, trim);
    }
    return { ids: out.ids, offsets };
  };
  return { encode, encodePlain: (text) => [...post.before, ...encode(text, { offsets: false }).ids, ...post.after] };
}

interface Sink {
  ids: number[];
  starts: number[];
  ends: number[];
  /** Text of each added token, by its place among the ids: with the spaces that it took along. */
  matched: Map<number, string>;
  addMatch(section: Section, id: number, start: number, end: number): void;
  /** Tokens of the word that stands at `at` in the section. */
  addWord(section: Section, at: number, length: number, tokens: PieceTokens): void;
}

function sink(wantsOffsets: boolean): Sink {
  const ids: number[] = [];
  const starts: number[] = [];
  const ends: number[] = [];
  const matched = new Map<number, string>();
  const addToken = ({ at, alignment }: Section, id: number, start: number, end: number) => {
    ids.push(id);
    if (!wantsOffsets) return;
    starts.push(alignment ? alignment.from[start]! : at + start);
    ends.push(alignment ? alignment.to[end - 1]! : at + end);
  };
  return {
    ids,
    starts,
    ends,
    matched,
    addMatch(section, id, start, end) {
      if (wantsOffsets) matched.set(ids.length, section.text.slice(start, end));
      addToken(section, id, start, end);
    },
    addWord(section, at, length, tokens) {
      if (typeof tokens === "number") return addToken(section, tokens, at, at + length);
      for (let each = 0; each < tokens.length; each += 3) {
        addToken(section, tokens[each]!, at + tokens[each + 1]!, at + tokens[each + 2]!);
      }
    },
  };
}
