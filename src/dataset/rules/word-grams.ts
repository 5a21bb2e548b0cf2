// Runs of n words as 64-bit hashes, case and punctuation aside: what contamination checks compare (Brown et al. 2020, arXiv 2005.14165, appendix C).

export interface WordHashes {
  /** Two independent 32-bit hashes of each word; only the first `count` are of this text. */
  low: Uint32Array;
  high: Uint32Array;
  /** 1: a word of two letters or more. */
  lettered: Uint32Array;
  count: number;
}

const columns = ["low", "high", "lettered"] as const;

/** Reused from text to text. */
const buffer: WordHashes = {
  low: new Uint32Array(1024),
  high: new Uint32Array(1024),
  lettered: new Uint32Array(1024),
  count: 0,
};

/** The words of a text: runs of letters and digits; each sign of Chinese or Japanese is one. Valid until the next call. */
export function wordHashes(text: string): WordHashes {
  buffer.count = 0;
  let low = lowStart;
  let high = highStart;
  let inWord = false;
  let letters = 0;
  for (let at = 0; at < text.length; at += 1) {
    let code = text.charCodeAt(at);
    if (code >= 0x41 && code <= 0x5a) code += 0x20;
    const kind = code < 128 ? (asciiWord[code] as number) : wordKind(code);
    if (kind === part) {
      low = Math.imul(low ^ code, 0x01000193);
      high = Math.imul(high ^ code, 0x5bd1e995);
      inWord = true;
      if (code > 0x39) letters += 1;
      continue;
    }
    if (inWord) push(low, high, letters);
    if (kind === whole) push(Math.imul(lowStart ^ code, 0x01000193), Math.imul(highStart ^ code, 0x5bd1e995), 2);
    low = lowStart;
    high = highStart;
    inWord = false;
    letters = 0;
  }
  if (inWord) push(low, high, letters);
  return buffer;
}

/** Calls `visit` with the hash of each run of n words, in order; not of runs that are numbers and single letters for the most part. */
export function eachGram(
  { low, high, lettered, count }: WordHashes,
  n: number,
  visit: (low: number, high: number) => void,
): void {
  if (count < n) return;
  let [lowDrop, highDrop] = [1, 1];
  for (let power = 1; power < n; power += 1) {
    lowDrop = Math.imul(lowDrop, lowBase);
    highDrop = Math.imul(highDrop, highBase);
  }
  let [lowHash, highHash, words] = [0, 0, 0];
  for (let at = 0; at < count; at += 1) {
    if (at >= n) {
      lowHash -= Math.imul(low[at - n] as number, lowDrop);
      highHash -= Math.imul(high[at - n] as number, highDrop);
      words -= lettered[at - n] as number;
    }
    lowHash = (Math.imul(lowHash, lowBase) + (low[at] as number)) | 0;
    highHash = (Math.imul(highHash, highBase) + (high[at] as number)) | 0;
    words += lettered[at] as number;
    if (at >= n - 1 && words * 2 > n) visit(lowHash >>> 0, highHash >>> 0);
  }
}

const [lowStart, highStart] = [0x811c9dc5, 0x9747b28c];
const [lowBase, highBase] = [0x9e3779b1, 0x85ebca6b];
const [none, part, whole] = [0, 1, 2];

const asciiWord = Uint8Array.from({ length: 128 }, (_, code) =>
  /[a-z0-9]/i.test(String.fromCharCode(code)) ? part : none,
);

/** Outside ASCII: signs and spaces end a word, East Asian letters are words of their own, all else belongs to one. */
function wordKind(code: number): number {
  if (code < 0xc0 || (code >= 0x2000 && code < 0x2c00) || (code >= 0x3000 && code < 0x3040)) return none;
  if ((code >= 0x3040 && code < 0xa000) || (code >= 0xf900 && code < 0xfb00)) return whole;
  return code >= 0xfe00 && code < 0xff10 ? none : part;
}

function push(low: number, high: number, letters: number): void {
  if (buffer.count === buffer.low.length) {
    for (const side of columns) {
      const larger = new Uint32Array(buffer.count * 2);
      larger.set(buffer[side]);
      buffer[side] = larger;
    }
  }
  buffer.low[buffer.count] = low;
  buffer.high[buffer.count] = high;
  buffer.lettered[buffer.count] = letters > 1 ? 1 : 0;
  buffer.count += 1;
}
