// Where tokens lie in their text: offsets as transformers' offset_mapping gives them, and the token that holds a character.
import type { ModelTokenizer } from "../tokens/tokenizer.js";
import type { MaskedLine, TokenOffsets } from "./mask-model.js";

/** Offsets of a predicted line, for showing it; null where the tokenizer's can't be told. */
export function offsetsOfLine({ ids, text, offsets }: MaskedLine, tokenizer: ModelTokenizer): TokenOffsets | null {
  if (offsets) return offsets;
  const encoded = encodeWithOffsets(text, tokenizer);
  if (!encoded) return null;
  // Plain text may have got a token in front (bos) and behind that stand for no text.
  const front = firstMatch(ids, encoded.ids);
  if (front === -1) return null;
  const behind = ids.length - front - encoded.ids.length;
  const pad = (values: ArrayLike<number>) => [
    ...Array<number>(front).fill(0),
    ...Array.from(values),
    ...Array<number>(behind).fill(text.length),
  ];
  return { starts: pad(encoded.starts), ends: pad(encoded.ends) };
}

function firstMatch(ids: readonly number[], part: readonly number[]): number {
  for (let at = 0; at + part.length <= ids.length; at += 1) {
    if (part.every((id, index) => ids[at + index] === id)) return at;
  }
  return -1;
}

/** Ids of a rendered template with their offsets; null where the offsets can't be told. */
export function encodeWithOffsets(text: string, tokenizer: ModelTokenizer): ({ ids: number[] } & TokenOffsets) | null {
  const encoded = tokenizer.encodeWithOffsets(text);
  return encoded.starts === null ? null : encoded;
}

/** The first token that holds the character at `at`, as tokenizers' char_to_token; null: none does (a trimmed space, the end of the text). */
export function tokenAt(at: number, { starts, ends }: TokenOffsets): number | null {
  const index = firstAbove(ends, at);
  return index < ends.length && starts[index]! <= at ? index : null;
}

/** Index of the first of the ascending values that is larger (Python's bisect_right); their length when none is. */
export function firstAbove(values: ArrayLike<number>, limit: number): number {
  let low = 0;
  let high = values.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (values[middle]! > limit) high = middle;
    else low = middle + 1;
  }
  return low;
}
