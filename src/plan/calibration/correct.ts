// What past runs on this machine say of the estimate, put to use: the middle moves, and a band never gets narrower for it.
import type { Band } from "../memory/allocator.js";

/** Measured over estimated, of runs on one machine. */
export interface Factor {
  /** The median. */
  factor: number;
  least: number;
  most: number;
  runs: number;
}

/** What is measured: a GPU's tensors, its allocator; on a CPU the process's resident memory. */
export const memoryKinds = ["allocated", "reserved", "rss"] as const;
export type MemoryKind = (typeof memoryKinds)[number];

export interface CorrectedBy {
  /** Runs and probes. */
  runs: number;
  /** When it was fitted, epoch ms. */
  at: number;
}

export interface Correction {
  by: CorrectedBy;
  /** Of what is not counted to the byte. */
  memory: Partial<Record<MemoryKind, Factor>>;
  /** Of tokens a second, by engine. */
  speed: Partial<Record<string, Factor>>;
}

interface Bands {
  /** What is counted to the byte. */
  counted: number;
  needed: Band;
  allocated: Band;
  reserved: Band;
  device: Band;
}

/** Pure; any unit. */
export function correctBands(plain: Bands, correction: Correction | undefined, isCpu: boolean): Bands {
  if (!correction) return plain;
  const { allocated: ofTensors, reserved: ofAllocator, rss } = correction.memory;
  if (isCpu) {
    const needed = rss ? corrected(plain.needed, plain.counted, rss) : plain.needed;
    return { ...plain, needed, device: needed };
  }
  const allocated = ofTensors ? corrected(plain.allocated, plain.counted, ofTensors) : plain.allocated;
  const reserved = ofAllocator
    ? corrected(plain.reserved, plain.counted, ofAllocator)
    : moved(plain.reserved, plain.allocated, allocated);
  return {
    counted: plain.counted,
    allocated,
    reserved,
    needed: moved(plain.needed, plain.allocated, allocated),
    device: moved(plain.device, plain.reserved, reserved),
  };
}

/**
 * The middle: what is counted, plus the factor times the rest. The ends keep their distance from it, and reach further where past runs did:
 * with few runs by more than they did (1 + 2/n times: five thirds with three runs, a tenth more with twenty).
 */
function corrected({ low, mid, high }: Band, counted: number, { factor, least, most, runs }: Factor): Band {
  const rest = Math.max(0, mid - counted);
  const reach = rest * (1 + 2 / runs);
  const to = counted + factor * rest;
  return {
    low: Math.max(0, to - Math.max(mid - low, (factor - least) * reach)),
    mid: to,
    high: to + Math.max(high - mid, (most - factor) * reach),
  };
}

function moved(band: Band, from: Band, to: Band): Band {
  return {
    low: band.low + to.low - from.low,
    mid: band.mid + to.mid - from.mid,
    high: band.high + to.high - from.high,
  };
}
