// Reads safetensors files without loading them: the header, and a streamed look at the numbers.
import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { z } from "zod";

export interface Tensor {
  name: string;
  dtype: string;
  shape: number[];
  /** Bytes from the start of the file. */
  begin: number;
  end: number;
}

/** The tensors of a well-formed file with what it says of itself, or what is wrong with it. */
export type SafetensorsHeader =
  | { tensors: Tensor[]; metadata: Record<string, string>; problem?: never }
  | { problem: string; tensors?: never };

/** The format's own limit, so that a broken length cannot ask for all memory. */
const maxHeaderBytes = 100_000_000;

const bitsPerElement: Record<string, number> = {
  ...{ F64: 64, I64: 64, U64: 64, C64: 64, F32: 32, I32: 32, U32: 32, F16: 16, BF16: 16, I16: 16, U16: 16 },
  ...{ I8: 8, U8: 8, BOOL: 8, F8_E4M3: 8, F8_E5M2: 8, F8_E8M0: 8, F4: 4 },
};

const headerSchema = z.record(
  z.string(),
  z.object({
    dtype: z.string(),
    shape: z.array(z.int().nonnegative()),
    data_offsets: z.tuple([z.int().nonnegative(), z.int().nonnegative()]),
  }),
);

/**
 * Reads and checks the header: 8 bytes of length (little-endian), JSON, then the data, which the tensors must cover without hole or
 * overlap to the end of the file, each with as many bytes as its shape and type ask for. Throws only what the file system throws.
 */
export function readSafetensorsHeader(file: string): SafetensorsHeader {
  const descriptor = openSync(file, "r");
  try {
    const size = fstatSync(descriptor).size;
    if (size < 8) return { problem: `is only ${size} bytes long` };
    const start = readExactly(descriptor, 0, 8);
    if (isPickle(start)) return { problem: "is a pickle, not safetensors: loading it could run any code" };
    const length = start.readBigUInt64LE();
    if (length > BigInt(maxHeaderBytes)) return { problem: "is not safetensors: its header would be over 100 MB" };
    const dataStart = 8 + Number(length);
    if (dataStart > size) return { problem: `is cut: its header ends at byte ${dataStart}, the file at ${size}` };
    const header = parseHeader(readExactly(descriptor, 8, Number(length)), dataStart);
    if (!header) return { problem: "is not safetensors: its header is no tensor table" };
    const problem = layoutProblem(header.tensors, dataStart, size);
    return problem ? { problem } : header;
  } finally {
    closeSync(descriptor);
  }
}

/** torch.save's zip file, or a bare pickle (protocol 2 and later) of whose start a header's length would be absurd. */
function isPickle(start: Buffer): boolean {
  if (start.toString("latin1").startsWith("PK\x03\x04")) return true;
  return start[0] === 0x80 && start[1]! >= 2 && start[1]! <= 5 && start.readBigUInt64LE() > maxHeaderBytes;
}

const metadataSchema = z.record(z.string(), z.string()).default({}).catch({});

function parseHeader(bytes: Buffer, dataStart: number): { tensors: Tensor[]; metadata: Record<string, string> } | null {
  let json: unknown;
  try {
    json = JSON.parse(bytes.toString("utf8"));
  } catch {
    return null;
  }
  if (json === null || typeof json !== "object" || Array.isArray(json)) return null;
  const { __metadata__, ...table } = json as Record<string, unknown>;
  const header = headerSchema.safeParse(table).data;
  if (!header) return null;
  const tensors = Object.entries(header)
    .map(
      ([
        name,
        {
          dtype,
          shape,
          data_offsets: [begin, end],
        },
      ]) => ({
        name,
        dtype,
        shape,
        begin: dataStart + begin,
        end: dataStart + end,
      }),
    )
    .sort((a, b) => a.begin - b.begin || a.end - b.end);
  return { tensors, metadata: metadataSchema.parse(__metadata__) };
}

function layoutProblem(tensors: Tensor[], dataStart: number, size: number): string | null {
  let expected = dataStart;
  for (const { name, dtype, shape, begin, end } of tensors) {
    const bits = bitsPerElement[dtype];
    if (bits === undefined) return `has a tensor of unknown type ${dtype}: ${name}`;
    if (begin !== expected) return `has a hole or an overlap before ${name}`;
    if (end > size) return `is cut: ${name} ends at byte ${end}, the file at ${size}`;
    if ((end - begin) * 8 !== shape.reduce((product, side) => product * side, bits)) {
      return `has ${end - begin} bytes for ${name}, which do not fit its shape [${shape}] of ${dtype}`;
    }
    expected = end;
  }
  return expected === size ? null : `has ${size - expected} bytes that belong to no tensor`;
}

export interface NumberSummary {
  /** NaN or infinite. */
  nonFinite: number;
  allZero: boolean;
}

interface FloatBits {
  /** All set: NaN or infinite. */
  exponent: number;
  /** Everything but the sign; none set: zero. */
  magnitude: number;
  View: typeof Uint32Array | typeof Uint16Array | typeof Uint8Array;
  /** Each number is two of these words, and the first, its lower half, is all fraction. */
  isPair?: boolean;
}

/** Every type that can hold what is no finite number: all but integers and F4, which has neither NaN nor infinity. */
const floatBits: Record<string, FloatBits> = {
  F64: { exponent: 0x7ff00000, magnitude: 0x7fffffff, View: Uint32Array, isPair: true },
  C64: { exponent: 0x7f800000, magnitude: 0x7fffffff, View: Uint32Array },
  F32: { exponent: 0x7f800000, magnitude: 0x7fffffff, View: Uint32Array },
  F16: { exponent: 0x7c00, magnitude: 0x7fff, View: Uint16Array },
  BF16: { exponent: 0x7f80, magnitude: 0x7fff, View: Uint16Array },
  F8_E5M2: { exponent: 0x7c, magnitude: 0x7f, View: Uint8Array },
  F8_E4M3: { exponent: 0x7f, magnitude: 0x7f, View: Uint8Array }, // no infinity, and one NaN of each sign
  F8_E8M0: { exponent: 0xff, magnitude: 0xff, View: Uint8Array }, // exponent alone; its smallest, 2^-127, counts as zero
};

/** Looks at every number of the file's tensors of these types, in pieces of 1 MiB; tensors of other types are not in the result. */
export function summarizeTensors(file: string, tensors: Tensor[]): Map<string, NumberSummary> {
  const summaries = new Map<string, NumberSummary>();
  const descriptor = openSync(file, "r");
  const piece = Buffer.from(new ArrayBuffer(1 << 20));
  try {
    for (const { name, dtype, begin, end } of tensors) {
      const bits = floatBits[dtype];
      if (!bits) continue;
      const summary: NumberSummary = { nonFinite: 0, allZero: true };
      for (let at = begin; at < end; at += piece.length) {
        const length = Math.min(piece.length, end - at);
        readExactly(descriptor, at, length, piece);
        addWords(new bits.View(piece.buffer, 0, length / bits.View.BYTES_PER_ELEMENT), bits, summary);
      }
      summaries.set(name, summary);
    }
    return summaries;
  } finally {
    closeSync(descriptor);
  }
}

function addWords(
  words: Uint32Array | Uint16Array | Uint8Array,
  { exponent, magnitude, isPair = false }: FloatBits,
  summary: NumberSummary,
): void {
  for (let index = 0; index < words.length; index++) {
    const word = words[index]!;
    if (isPair && index % 2 === 0) {
      if (word !== 0) summary.allZero = false;
      continue;
    }
    if ((word & exponent) === exponent) summary.nonFinite++;
    if ((word & magnitude) !== 0) summary.allZero = false;
  }
}

/** The numbers of an F32, F16 or BF16 tensor; null for other types. */
export function readNumbers(file: string, { dtype, begin, end }: Tensor): Float32Array | null {
  if (!["F32", "F16", "BF16"].includes(dtype)) return null;
  const descriptor = openSync(file, "r");
  try {
    const bytes = readExactly(descriptor, begin, end - begin, Buffer.from(new ArrayBuffer(end - begin)));
    if (dtype === "F32") return new Float32Array(bytes.buffer);
    const halves = new Uint16Array(bytes.buffer);
    return dtype === "BF16" ? fromBf16(halves) : Float32Array.from(halves, fromF16);
  } finally {
    closeSync(descriptor);
  }
}

/** The upper half of an F32. */
function fromBf16(halves: Uint16Array): Float32Array {
  return new Float32Array(Uint32Array.from(halves, (half) => half << 16).buffer);
}

function fromF16(half: number): number {
  const sign = half & 0x8000 ? -1 : 1;
  const exponent = (half & 0x7c00) >> 10;
  const fraction = half & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

function readExactly(descriptor: number, position: number, length: number, into = Buffer.alloc(length)): Buffer {
  let done = 0;
  while (done < length) {
    const read = readSync(descriptor, into, done, length - done, position + done);
    if (read === 0) throw new Error(`file ended at byte ${position + done} while it was read`);
    done += read;
  }
  return into;
}
