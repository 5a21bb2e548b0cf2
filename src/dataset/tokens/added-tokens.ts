// Finds added tokens in text: at each place the longest, from left to right; AddedVocabulary of the Rust library.

export interface AddedToken {
  id: number;
  content: string;
  single_word: boolean;
  lstrip: boolean;
  rstrip: boolean;
  normalized: boolean;
  special: boolean;
}

interface FoundToken {
  id: number;
  start: number;
  end: number;
}

export type FindTokens = (text: string) => FoundToken[];

/** Tokens by the text to look for: of normalized ones the normalized content. */
export function compileAddedTokens(tokens: ReadonlyMap<string, AddedToken>): FindTokens {
  if (tokens.size === 0) return () => [];
  const root: Node = { next: new Map(), token: null };
  const isFirst = new Uint8Array(0x10000);
  for (const [text, token] of tokens) {
    if (text === "") continue;
    isFirst[text.charCodeAt(0)] = 1;
    let node = root;
    for (let at = 0; at < text.length; at += 1) {
      const unit = text.charCodeAt(at);
      const child = node.next.get(unit) ?? { next: new Map(), token: null };
      node.next.set(unit, child);
      node = child;
    }
    node.token = token;
  }
  return (text) => {
    const found: FoundToken[] = [];
    let taken = 0;
    for (let at = 0; at < text.length; ) {
      const match = isFirst[text.charCodeAt(at)] ? longest(root, text, at) : null;
      if (!match) {
        at += 1;
        continue;
      }
      const end = at + match.length;
      const each = widen(text, match.token, at, end, taken);
      if (each) {
        found.push(each);
        taken = each.end;
      }
      at = end;
    }
    return found;
  };
}

interface Node {
  next: Map<number, Node>;
  token: AddedToken | null;
}

function longest(root: Node, text: string, start: number): { token: AddedToken; length: number } | null {
  let found: { token: AddedToken; length: number } | null = null;
  let node: Node | undefined = root;
  for (let at = start; node; at += 1) {
    if (node.token) found = { token: node.token, length: at - start };
    node = at < text.length ? node.next.get(text.charCodeAt(at)) : undefined;
  }
  return found;
}

/** Null: a token that must be a word of its own and here is none. */
function widen(text: string, token: AddedToken, start: number, end: number, taken: number): FoundToken | null {
  const isWordAt = (before: string, after: string) => endsWithWord.test(before) || startsWithWord.test(after);
  if (token.single_word && isWordAt(text.slice(Math.max(0, start - 2), start), text.slice(end, end + 2))) return null;
  let from = start;
  let to = end;
  if (token.lstrip) while (from > taken && isSpace(text[from - 1]!)) from -= 1;
  if (token.rstrip) while (to < text.length && isSpace(text[to]!)) to += 1;
  return { id: token.id, start: from, end: to };
}

// \w of Rust's regexes.
const endsWithWord = /[\p{Alphabetic}\p{M}\p{Nd}\p{Pc}\u200c\u200d]$/u;
const startsWithWord = /^[\p{Alphabetic}\p{M}\p{Nd}\p{Pc}\u200c\u200d]/u;

function isSpace(unit: string): boolean {
  return /\p{White_Space}/u.test(unit);
}
