// Text that was UTF-8, read as Windows-1252 and saved again: finds it, and turns it back where that is exact.

export interface Garbled {
  /** The text turned back. */
  text: string;
  /** Garbled characters found. */
  count: number;
  /** The first of them as it stands, and what it was. */
  was: string;
  meant: string;
}

/** Windows-1252 characters of the bytes 80 to 9F (WHATWG Encoding); undefined bytes are read as C1 controls. */
const high = "€\x81‚ƒ„…†‡ˆ‰Š‹Œ\x8dŽ\x8f\x90‘’“”•–—˜™š›œ\x9džŸ";
const continuation = `[\u00a0-\u00bf${high}]`;
/** One character of two to four UTF-8 bytes, each shown as a Windows-1252 character. */
const sequence = new RegExp(
  `[\u00c2-\u00df]${continuation}|[\u00e0-\u00ef]${continuation}{2}|[\u00f0-\u00f4]${continuation}{3}`,
  "g",
);
const decoder = new TextDecoder("utf-8", { fatal: true });

/**
 * Null when nothing is garbled. To be sure of it, the two-byte sequences must give a letter or sign of the Latin blocks (Ã© -> é, not
 * Â° as a unit), and longer ones anything: they do not occur in ordinary text.
 */
export function ungarble(text: string): Garbled | null {
  let first: [string, string] | null = null;
  let count = 0;
  const mended = text.replace(sequence, (was) => {
    const meant = decoded(was);
    if (meant === null || !isLikely(was, meant)) return was;
    first ??= [was, meant];
    count += 1;
    return meant;
  });
  if (!first) return null;
  const [was, meant] = first as [string, string];
  return { text: mended, count, was, meant };
}

function decoded(was: string): string | null {
  const bytes = [...was].map((char) => {
    const at = high.indexOf(char);
    return at === -1 ? char.charCodeAt(0) : 0x80 + at;
  });
  try {
    return decoder.decode(Uint8Array.from(bytes));
  } catch {
    return null;
  }
}

/** Ã followed by a sign is hardly ever text; Â before a space or sign may be (Romanian, Portuguese capitals), so it needs a sign that follows no letter. */
function isLikely(was: string, meant: string): boolean {
  if (was.length > 2) return !/[\ue000-\uf8ff]/.test(meant);
  if (was[0] === "\u00c3") return /[\u00c0-\u00ff]/.test(meant);
  return was[0] === "\u00c2" && /[\u00a0-\u00bf]/.test(meant);
}
