// The BPE model of tokenizer.json: a piece of text becomes tokens; pieces that come again are remembered.
import { byteCharacters } from "./bytes.js";
import { mergeSymbols, type Symbols, symbolsFor } from "./merge-symbols.js";
import { mergeTable } from "./merge-table.js";

export interface BpeModel {
  type?: string;
  vocab: Record<string, number>;
  merges: (string | [string, string])[];
  dropout?: number | null;
  unk_token?: string | null;
  continuing_subword_prefix?: string | null;
  end_of_word_suffix?: string | null;
  fuse_unk?: boolean;
  byte_fallback?: boolean;
  ignore_merges?: boolean;
}

/** A single token that covers the piece: its id. More: id, start and end (in UTF-16 units of the piece) of each. */
export type PieceTokens = number | Int32Array;

export interface Bpe {
  tokenize(piece: string): PieceTokens;
  /** A character had no token and left no trace: from here on the peer's offsets are shifted, and ours unknown. */
  hasLostTrack(): boolean;
  /** Where a text can be cut without any merge reaching across; null: nowhere. */
  cut: ((text: string) => string[]) | null;
}

/** Null: it has a setting that is not known here. */
export function compileBpe(model: BpeModel, vocabulary: ReadonlyMap<string, number>, isByteLevel: boolean): Bpe | null {
  if (model.dropout || model.continuing_subword_prefix || model.end_of_word_suffix) return null;
  const table = mergeTable(model.merges, vocabulary);
  if (!table) return null;
  let lostTrack = false;
  const lose = () => {
    lostTrack = true;
  };
  const spell = isByteLevel ? byteSpeller(model, vocabulary, lose) : characterSpeller(model, vocabulary, lose);
  if (!spell) return null;
  const wholes = model.ignore_merges ? vocabulary : null;
  const compute = (piece: string): PieceTokens => {
    const whole = wholes?.get(isByteLevel ? byteLevel(piece) : piece);
    if (whole !== undefined) return whole;
    const symbols = spell(piece);
    mergeSymbols(symbols, table);
    return packed(symbols, piece.length);
  };
  const remembered = new Map<string, PieceTokens>();
  return {
    tokenize(piece) {
      if (piece.length > longestRemembered) return compute(piece);
      const known = remembered.get(piece);
      if (known !== undefined) return known;
      const lostBefore = lostTrack;
      lostTrack = false;
      const tokens = compute(piece);
      if (!lostTrack) {
        if (remembered.size >= mostRemembered) remembered.clear();
        remembered.set(piece, tokens);
      }
      lostTrack ||= lostBefore;
      return tokens;
    },
    hasLostTrack() {
      const lost = lostTrack;
      lostTrack = false;
      return lost;
    },
    // A character that leaves no trace lets its neighbours meet.
    cut:
      isByteLevel || model.ignore_merges || !(model.byte_fallback || model.unk_token) ? null : spaceCutter(vocabulary),
  };
}

const longestRemembered = 64;
const mostRemembered = 100_000;

type Speller = (piece: string) => Symbols;

/** A symbol for each byte; the bytes of one character share its place. */
function byteSpeller(model: BpeModel, vocabulary: ReadonlyMap<string, number>, lose: () => void): Speller | null {
  const ids = byteCharacters.map((character) => vocabulary.get(character));
  // Then a byte would become an unknown token or bytes of its own character.
  if (ids.includes(undefined) && (model.byte_fallback || model.unk_token)) return null;
  let symbols = symbolsFor(64);
  const utf8 = new TextEncoder();
  const scratch = new Uint8Array(4);
  return (piece) => {
    if (symbols.ids.length < piece.length * 3) symbols = symbolsFor(piece.length * 4);
    let length = 0;
    const add = (byte: number, start: number, end: number) => {
      const id = ids[byte];
      if (id === undefined) return lose();
      symbols.ids[length] = id;
      symbols.starts[length] = start;
      symbols.ends[length] = end;
      length += 1;
    };
    for (let at = 0; at < piece.length; at += 1) {
      const unit = piece.charCodeAt(at);
      if (unit < 0x80) {
        add(unit, at, at + 1);
        continue;
      }
      const units = unit >= 0xd800 && unit < 0xdc00 ? 2 : 1;
      const { written } = utf8.encodeInto(piece.slice(at, at + units), scratch);
      for (let byte = 0; byte < written; byte += 1) add(scratch[byte]!, at, at + units);
      at += units - 1;
    }
    symbols.length = length;
    return symbols;
  };
}

/** A symbol for each character; of one without a token its bytes, or the unknown token. */
function characterSpeller(model: BpeModel, vocabulary: ReadonlyMap<string, number>, lose: () => void): Speller | null {
  const unknown = model.unk_token ? vocabulary.get(model.unk_token) : undefined;
  if (model.unk_token && unknown === undefined) return null;
  const byteIds = model.byte_fallback
    ? byteCharacters.map((_, byte) => vocabulary.get(`<0x${byte.toString(16).toUpperCase().padStart(2, "0")}>`))
    : null;
  if (byteIds?.includes(undefined)) return null;
  const utf8 = new TextEncoder();
  let symbols = symbolsFor(64);
  return (piece) => {
    if (symbols.ids.length < piece.length * 3) symbols = symbolsFor(piece.length * 4);
    const { ids, starts, ends } = symbols;
    let length = 0;
    let endsUnknown = false;
    const add = (id: number, start: number, end: number) => {
      ids[length] = id;
      starts[length] = start;
      ends[length] = end;
      length += 1;
    };
    let at = 0;
    for (const character of piece) {
      const end = at + character.length;
      const id = vocabulary.get(character);
      if (id !== undefined) add(id, at, end);
      else if (byteIds) for (const byte of utf8.encode(character)) add(byteIds[byte]!, at, end);
      else if (unknown === undefined) lose();
      else if (endsUnknown && model.fuse_unk) ends[length - 1] = end;
      else add(unknown, at, end);
      endsUnknown = id === undefined;
      at = end;
    }
    symbols.length = length;
    return symbols;
  };
}

function packed({ ids, starts, ends, length }: Symbols, pieceLength: number): PieceTokens {
  if (length === 1 && starts[0] === 0 && ends[0] === pieceLength) return ids[0]!;
  const tokens = new Int32Array(length * 3);
  for (let at = 0; at < length; at += 1) {
    tokens[at * 3] = ids[at]!;
    tokens[at * 3 + 1] = starts[at]!;
    tokens[at * 3 + 2] = ends[at]!;
  }
  return tokens;
}

function byteLevel(piece: string): string {
  let text = "";
  for (const byte of Buffer.from(piece)) text += byteCharacters[byte];
  return text;
}

/**
 * Vocabularies without a pre-tokenizer see a whole text as one word, but no token of theirs has a visible space after anything
 * else than a space, or after few characters: before all other spaces the text can be cut, and the pieces come again.
 */
function spaceCutter(vocabulary: ReadonlyMap<string, number>): Bpe["cut"] {
  const space = "\u2581";
  if (!vocabulary.has(space)) return null;
  const joined = new Set<string>();
  for (const token of vocabulary.keys()) {
    for (let at = token.indexOf(space, 1); at !== -1; at = token.indexOf(space, at + 1)) joined.add(token[at - 1]!);
  }
  joined.add(space);
  return (text) => {
    const pieces: string[] = [];
    let start = 0;
    for (let at = text.indexOf(space, 1); at !== -1; at = text.indexOf(space, at + 1)) {
      if (joined.has(text[at - 1]!)) continue;
      pieces.push(text.slice(start, at));
      start = at;
    }
    pieces.push(text.slice(start));
    return pieces;
  };
}
