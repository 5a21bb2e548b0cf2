// MinHash signatures of texts, banded for locality-sensitive hashing (Broder 1997), with the parameters of datatrove's MinhashConfig.

/**
 * Five-word shingles, 14 bands of 8 hashes: two texts of Jaccard similarity s share a band with probability 1 - (1 - s^8)^14, one half at
 * about 0.67, 0.92 at 0.8 (datatrove 0.10, pipeline/dedup/minhash.py). Its hashes are of 64 bits and by a Mersenne prime; here they are of
 * 32 bits and by multiply-add, which changes which pairs are missed by chance, not how many. Another number is another word: datatrove takes all
 * numbers for one, which of web pages makes sense, and of "2 + 2 = ?" and "3 + 5 = ?" would make one row.
 */
export const minhash = { words: 5, bands: 14, hashesPerBand: 8, seed: 1 } as const;

const hashes = minhash.bands * minhash.hashesPerBand;
const [factors, offsets] = parameters(minhash.seed);
/** Signed, as the machine adds and compares them fastest: any order of the hashes serves. */
const minima = new Int32Array(hashes);

/** One key a band, two words each, from word `at` of `into` on; a text without words gets none and false is returned. */
export function writeSignature(text: string, into: Uint32Array, at: number): boolean {
  const shingles = hashShingles(text);
  if (shingles.length === 0) return false;
  for (let index = 0; index < hashes; index += 1) {
    const factor = factors[index] as number;
    const offset = offsets[index] as number;
    let least = 0x7fffffff;
    for (let at = 0; at < shingles.length; at += 1) {
      const value = (Math.imul(shingles[at] as number, factor) + offset) | 0;
      if (value < least) least = value;
    }
    minima[index] = least;
  }
  for (let band = 0; band < minhash.bands; band += 1) writeBand(band * minhash.hashesPerBand, into, at + band * 2);
  return true;
}

function writeBand(from: number, into: Uint32Array, at: number): void {
  let low = 0x9747b28c;
  let high = 0x2f6e2b1;
  for (let index = from; index < from + minhash.hashesPerBand; index += 1) {
    low = mix(low ^ (minima[index] as number));
    high = mix(high + (minima[index] as number));
  }
  into[at] = low;
  into[at + 1] = high;
}

/** Jaccard similarity of two texts' shingles, exact: what MinHash estimates. */
export function similarity(a: string, b: string): number {
  const [left, right] = [new Set(hashShingles(a)), new Set(hashShingles(b))];
  let shared = 0;
  for (const shingle of left) if (right.has(shingle)) shared += 1;
  const all = left.size + right.size - shared;
  return all === 0 ? 1 : shared / all;
}

/** 32-bit hashes of the runs of five words; of a shorter text one, of all its words. */
function hashShingles(text: string): Int32Array {
  const words = wordHashes(text);
  if (words.length === 0) return new Int32Array(0);
  const size = Math.min(minhash.words, words.length);
  const shingles = new Int32Array(words.length - size + 1);
  for (let start = 0; start < shingles.length; start += 1) {
    let hash = 0;
    for (let word = start; word < start + size; word += 1) hash = mix(Math.imul(hash, 31) + (words[word] as number));
    shingles[start] = hash;
  }
  return shingles;
}

/** Runs of letters and marks are words, and so are numbers; each character of scripts without spaces is one. Accents, case and the commas of a number play no part. */
function wordHashes(text: string): number[] {
  return asciiWordHashes(text) ?? unicodeWordHashes(text);
}

/** Null when there is a character beyond ASCII. A word's hash is FNV-1a over its characters. */
function asciiWordHashes(text: string): number[] | null {
  const found: number[] = [];
  let hash = fnvBasis;
  let inNumber = false;
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    if (code > 127) return null;
    const letter = code | 32;
    const isLetter = letter >= 97 && letter <= 122;
    const isDigit = isAsciiDigit(code);
    // 1.5 and 1,000 are one number.
    if (inNumber && (code === 44 || code === 46) && isAsciiDigit(text.charCodeAt(index + 1))) continue;
    if (hash !== fnvBasis && (inNumber ? !isDigit : !isLetter)) {
      found.push(mix(hash));
      hash = fnvBasis;
    }
    inNumber = isDigit;
    if (isDigit) hash = Math.imul(hash ^ code, fnvPrime);
    if (isLetter) hash = Math.imul(hash ^ letter, fnvPrime);
  }
  if (hash !== fnvBasis) found.push(mix(hash));
  return found;
}

function isAsciiDigit(code: number): boolean {
  return code >= 48 && code <= 57;
}

function unicodeWordHashes(text: string): number[] {
  const even = text
    .toLowerCase()
    .normalize("NFD")
    .replace(/\p{Mn}+/gu, "");
  return Array.from(even.matchAll(wordPattern), ([word]) =>
    hashWord(startsWithDigit.test(word) ? word.replace(/[^\p{Nd}]/gu, "") : word),
  );
}

const wordPattern =
  /\p{Nd}+(?:[.,\u060c\u066b]\p{Nd}+)*|[\p{sc=Han}\p{sc=Hira}\p{sc=Kana}\p{sc=Thai}\p{sc=Laoo}\p{sc=Khmr}]|(?:(?![\p{Nd}\p{sc=Han}\p{sc=Hira}\p{sc=Kana}\p{sc=Thai}\p{sc=Laoo}\p{sc=Khmr}])[\p{L}\p{M}\p{N}])+/gu;
const startsWithDigit = /^\p{Nd}/u;

const fnvBasis = 0x811c9dc5;
const fnvPrime = 0x01000193;

function hashWord(word: string): number {
  let hash = fnvBasis;
  for (let index = 0; index < word.length; index += 1) hash = Math.imul(hash ^ word.charCodeAt(index), fnvPrime);
  return mix(hash);
}

/** The finaliser of MurmurHash3 (Appleby): each bit of the input changes each bit of the output with probability one half. */
function mix(value: number): number {
  let hash = value ^ (value >>> 16);
  hash = Math.imul(hash, 0x85ebca6b);
  hash ^= hash >>> 13;
  hash = Math.imul(hash, 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

/** Odd factors, so that each is a permutation of the 32-bit numbers. */
function parameters(seed: number): [Int32Array, Int32Array] {
  let state = seed;
  const next = () => {
    state = (state + 0x9e3779b9) | 0;
    return mix(state) | 0;
  };
  const multipliers = Int32Array.from({ length: hashes }, () => next() | 1);
  return [multipliers, Int32Array.from({ length: hashes }, next)];
}
