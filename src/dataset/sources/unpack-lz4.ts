// Unpacks an LZ4 frame, as Arrow files hold them (lz4_Frame_format.md and lz4_Block_format.md of github.com/lz4/lz4; checksums are not looked at).
// Our own because the one package for it (lz4js) is given up and runs without end on damaged frames.

const magic = 0x184d2204;
/** No byte of a block stands for more. */
const maxRatio = 255;

/** @throws RangeError where the frame contradicts itself or ends too early */
export function unpackLz4(frame: Uint8Array): Uint8Array {
  const source = Buffer.from(frame.buffer, frame.byteOffset, frame.length);
  if (source.readUInt32LE(0) !== magic) throw new RangeError("it is no LZ4 frame");
  const flags = source.readUInt8(4);
  const has = (bit: number) => (flags & (1 << bit)) !== 0;
  const [hasDictionary, hasSize, hasBlockChecksums] = [has(0), has(3), has(4)];
  if (flags >> 6 !== 1 || hasDictionary) throw new RangeError("it is an LZ4 frame of another version");
  const size = hasSize ? Number(source.readBigUInt64LE(6)) : null;
  const out = growingOutput(size ?? frame.length * 4, frame.length * maxRatio);
  for (let at = hasSize ? 15 : 7; ; ) {
    const word = source.readUInt32LE(at);
    if (word === 0) break;
    const length = word & 0x7fffffff;
    if (at + 4 + length > source.length) throw new RangeError("an LZ4 block ends too early");
    const block = source.subarray(at + 4, at + 4 + length);
    if (word & 0x80000000) out.append(block);
    else unpackBlock(block, out);
    at += 4 + length + (hasBlockChecksums ? 4 : 0);
  }
  const bytes = out.bytes();
  if (size !== null && bytes.length !== size) throw new RangeError("an LZ4 frame has not the size that it claims");
  return bytes;
}

/** Sequences of literals and of copies of what came before, in this block or an earlier one. */
function unpackBlock(block: Buffer, out: Output): void {
  let at = 0;
  const extended = (start: number): number => {
    let length = start;
    if (start !== 15) return length;
    for (;;) {
      const more = block.readUInt8(at++);
      length += more;
      if (more !== 255) return length;
    }
  };
  while (at < block.length) {
    const token = block.readUInt8(at++);
    const literals = extended(token >> 4);
    if (at + literals > block.length) throw new RangeError("an LZ4 block ends too early");
    out.append(block.subarray(at, at + literals));
    at += literals;
    if (at === block.length) return; // the last sequence is literals only
    const distance = block.readUInt16LE(at);
    at += 2;
    out.repeat(distance, extended(token & 15) + 4);
  }
}

interface Output {
  append(bytes: Buffer): void;
  /** Copies what begins `distance` bytes back; it may overlap what it makes. */
  repeat(distance: number, length: number): void;
  bytes(): Uint8Array;
}

function growingOutput(expected: number, most: number): Output {
  let buffer = Buffer.alloc(Math.min(expected, most));
  let used = 0;
  const reserve = (length: number) => {
    if (used + length > most) throw new RangeError("an LZ4 frame unpacks to more than it can hold");
    if (used + length <= buffer.length) return;
    const larger = Buffer.alloc(Math.min(most, Math.max(buffer.length * 2, used + length)));
    buffer.copy(larger, 0, 0, used);
    buffer = larger;
  };
  return {
    append(bytes) {
      reserve(bytes.length);
      bytes.copy(buffer, used);
      used += bytes.length;
    },
    repeat(distance, length) {
      if (distance === 0 || distance > used) throw new RangeError("an LZ4 block copies from before its start");
      reserve(length);
      for (let copied = 0; copied < length; ) {
        // What was copied can be copied from in turn: the piece doubles.
        const piece = Math.min(distance + copied, length - copied);
        buffer.copyWithin(used + copied, used - distance, used - distance + piece);
        copied += piece;
      }
      used += length;
    },
    bytes: () => buffer.subarray(0, used),
  };
}
