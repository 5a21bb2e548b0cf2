// One training sequence as it is shown: every token with its text and what becomes of it, and what is to be said of the whole.
import type { MaskedLine } from "../masks/mask-model.js";
import { offsetsOfLine } from "../masks/token-offsets.js";
import { detectedIn } from "../rules/mask-text.js";
import type { ModelTokenizer } from "../tokens/tokenizer.js";

export interface PreviewToken {
  id: number;
  /** It holds a piece of personal data or of a secret: its text is masked, and its id is not to be shown, which would tell it. */
  hidden: boolean;
  /** Its piece of the text; "" for a token that shares a character with the one before it. */
  text: string;
  /** Carries loss. */
  trained: boolean;
  special: boolean;
  /** False: cut away. */
  kept: boolean;
}

export interface PreviewLine {
  tokens: PreviewToken[];
  /** "vocabulary": the tokenizer does not tell which text is whose; each token then has what the vocabulary calls it. */
  textIs: "exact" | "vocabulary";
  /** Tokens before the cut. */
  kept: number;
  /** Of those. */
  trained: number;
  /** The tokens that end a turn. */
  stop: StopToken[];
  /** The engine leaves the sequence out. */
  dropped: boolean;
}

interface StopToken {
  token: string;
  /** Times it is there before the cut, and times it carries loss there. */
  count: number;
  trained: number;
}

/** @param endIds tokens any of which ends a turn */
export function previewLine(line: MaskedLine, tokenizer: ModelTokenizer, endIds: ReadonlySet<number>): PreviewLine {
  const offsets = offsetsOfLine(line, tokenizer);
  let shown = 0;
  const tokens = line.ids.map((id, index): PreviewToken => {
    const end = Math.max(shown, offsets ? offsets.ends[index]! : 0);
    // A character of several tokens belongs to the first of them; text that no token holds, to the next one.
    const text = offsets
      ? line.text.slice(shown, end) || addedText(id, index, line, tokenizer)
      : tokenizer.tokenText(id);
    shown = end;
    return {
      id,
      hidden: false,
      text,
      trained: line.trained[index] === 1,
      special: tokenizer.isSpecial(id),
      kept: index < line.kept,
    };
  });
  maskTokens(tokens);
  const kept = tokens.slice(0, line.kept);
  return {
    tokens,
    textIs: offsets ? "exact" : "vocabulary",
    kept: kept.length,
    trained: kept.filter(({ trained }) => trained).length,
    stop: [...endIds].map((endId) => {
      const all = kept.filter(({ id }) => id === endId);
      return { token: tokenizer.token(endId), count: all.length, trained: all.filter(({ trained }) => trained).length };
    }),
    dropped: line.dropped,
  };
}

/** Character by character, so that each token keeps its length. */
function maskTokens(tokens: PreviewToken[]): void {
  const text = tokens.map((token) => token.text).join("");
  const pieces = [text, withoutMarks(tokens)].flatMap(detectedIn);
  if (pieces.length === 0) return;
  const chars = text.split("");
  for (const { start, end } of pieces) chars.fill(mask, start, end);
  const masked = chars.join("");
  let at = 0;
  for (const token of tokens) {
    const shown = masked.slice(at, at + token.text.length);
    // The tokens that share a masked character with the one before them have no text of their own.
    token.hidden = token.text === "" ? masked[at - 1] === mask : shown !== token.text;
    at += token.text.length;
    token.text = shown;
  }
}

const mask = "•";

/**
 * The same text, as long, with the template's marks as line ends: a secret often ends a turn, and what follows it must be
 * seen as its end. Marks are special tokens, what looks like one (<|im_end|>, </s>), and spaces as vocabularies write them.
 */
function withoutMarks(tokens: readonly PreviewToken[]): string {
  const asEnds = (piece: string) => "\n".repeat(piece.length);
  const text = tokens.map((token) => (token.special ? asEnds(token.text) : token.text)).join("");
  return text.replace(/<[^<>\s]{1,40}>|[ĠĊ▁]/g, asEnds);
}

/** For JSON: without the ids that would tell what is masked. */
export function shownLine<T extends PreviewLine>(line: T) {
  const tokens = line.tokens.map(({ hidden, id, ...token }) => ({ id: hidden ? null : id, ...token }));
  return { ...line, tokens };
}

/** A special token that the tokenizer or the engine put before or behind the text stands for no piece of it. */
function addedText(id: number, index: number, { ids }: MaskedLine, tokenizer: ModelTokenizer): string {
  const isAtEdge = index === 0 || index === ids.length - 1;
  return isAtEdge && tokenizer.isSpecial(id) ? tokenizer.token(id) : "";
}
