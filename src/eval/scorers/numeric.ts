// Numbers in answers: the last one counts, as GSM8K and its followers read them.

/** The last number of a text; thousands separated by commas, a sign, an exponent. Null: there is none. */
export function lastNumber(text: string): number | null {
  const last = text.match(numbers)?.at(-1);
  return last === undefined ? null : Number(last.replaceAll(",", "").replace("−", "-"));
}

export function isNear(value: number, wanted: number, { tolerance = 0, relative = 0 }): boolean {
  return Math.abs(value - wanted) <= Math.max(tolerance, relative * Math.abs(wanted));
}

/** A hyphen after a letter or digit is none of its sign: 2024-05, gpt-4. */
const numbers =
  /(?:(?<![\p{L}\p{N}])[-−])?(?:\d{1,3}(?:,\d{3})+(?!\d)|\d+)(?:\.\d+)?(?:[eE][+-]?\d+)?|(?:(?<![\p{L}\p{N}])[-−])?\.\d+/gu;
