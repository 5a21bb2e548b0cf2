// A cheap look at a text tells which of the dearer patterns can match at all; most texts then need none of them.

/** What a text has, or might have. */
export const has = {
  /** "@" */
  at: 1,
  /** 7 digits with at most 3 other characters between one and the next. */
  digits: 2,
  /** 13 characters of a token's alphabet without a break; not always a digit among them (hf_ and 34 letters). */
  token: 4,
  /** "<" or "&" */
  markup: 8,
  /** A control character other than tab, line feed and carriage return. */
  control: 16,
  nonAscii: 32,
  /** Zero-width, direction and tag characters. */
  invisible: 64,
  replacement: 128,
  /** Letters with which UTF-8 read as Windows-1252 begins. */
  garbled: 256,
  /** "-----" */
  dashes: 512,
  /** "://" */
  address: 1024,
} as const;

/** The sum of the bits of `has` that hold for the text. */
export function scanText(text: string): number {
  let bits = 0;
  if (text.includes("@")) bits |= has.at;
  if (text.includes("<") || text.includes("&")) bits |= has.markup;
  if (text.includes("://")) bits |= has.address;
  if (text.includes("-----")) bits |= has.dashes;
  if (sevenDigits.test(text)) bits |= has.digits;
  if (hasToken(text)) bits |= has.token;
  if (beyondPlain.test(text)) {
    if (control.test(text)) bits |= has.control;
    if (nonAscii.test(text)) bits |= has.nonAscii;
  }
  if (bits & has.nonAscii) {
    for (let at = 0; at < text.length; at += 1) {
      const code = text.charCodeAt(at);
      if (code >= 128) bits |= nonAsciiBits(code);
    }
  }
  return bits;
}

const sevenDigits = /\d(?:[^\n\d]{0,3}\d){6}/;
/** Control characters, and what is not ASCII. */
const beyondPlain = /[^\t\n\r\x20-\x7e]/;
const control = /[^\P{Cc}\t\n\r]/u;
const nonAscii = /[^\p{ASCII}]/u;

export function isAscii(text: string): boolean {
  return !nonAscii.test(text);
}

const tokenLength = 13;
const tokenLetters = Uint8Array.from({ length: 128 }, (_, code) =>
  /[\w.+/=~-]/.test(String.fromCharCode(code)) ? 1 : 0,
);

/** Looks at every thirteenth character first: a run that long cannot miss all of them. */
function hasToken(text: string): boolean {
  const isLetter = (at: number) => tokenLetters[text.charCodeAt(at)] === 1;
  for (let at = tokenLength - 1; at < text.length; at += tokenLength) {
    if (!isLetter(at)) continue;
    let start = at;
    while (start > 0 && isLetter(start - 1)) start -= 1;
    let end = at + 1;
    while (end < text.length && isLetter(end)) end += 1;
    if (end - start >= tokenLength) return true;
    at = end - 1;
  }
  return false;
}

/** Other than tab, line feed and carriage return; the C1 controls too. */
export function isControl(code: number): boolean {
  return code < 0x20 ? code !== 0x09 && code !== 0x0a && code !== 0x0d : code >= 0x7f && code < 0xa0;
}

/** Of a UTF-16 unit; tag characters (U+E0000 and on) begin with the unit DB40. */
function nonAsciiBits(code: number): number {
  if (code < 0xa0) return has.control;
  if (code === 0xc2 || code === 0xc3 || code === 0xe2 || code === 0xf0) return has.garbled;
  if (code === 0xfffd) return has.replacement;
  if (code === 0xdb40 || code === 0xfeff || code === 0x00ad) return has.invisible;
  if ((code >= 0x200b && code <= 0x200f) || (code >= 0x202a && code <= 0x202e)) return has.invisible;
  return code >= 0x2060 && code <= 0x2069 ? has.invisible : 0;
}
