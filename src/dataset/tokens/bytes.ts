// The alphabet of byte-level vocabularies: each byte is written as one printable character (GPT-2's bytes_to_unicode).

/** Character of each byte. */
export const byteCharacters: readonly string[] = alphabet();

const bytesByCharacter = new Map(byteCharacters.map((character, byte) => [character, byte]));

/** The bytes that a byte-level token stands for; null: it has a character that is none of the alphabet. */
export function bytesOf(token: string): Uint8Array | null {
  const bytes = new Uint8Array(token.length);
  for (let at = 0; at < token.length; at += 1) {
    const byte = bytesByCharacter.get(token[at]!);
    if (byte === undefined) return null;
    bytes[at] = byte;
  }
  return bytes;
}

function alphabet(): string[] {
  const isPrintable = (byte: number) =>
    (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte <= 0xac) || (byte >= 0xae && byte <= 0xff);
  let other = 0x100;
  return Array.from({ length: 256 }, (_, byte) => String.fromCharCode(isPrintable(byte) ? byte : other++));
}
