// From what tensors take to what the GPU shows: torch's caching allocator, then the CUDA context. Each with its own band.

export interface Band {
  low: number;
  mid: number;
  high: number;
}

/** Bytes of the parts of a peak that behave differently in the allocator. */
export interface PeakParts {
  /** There from the first step to the last: never fragmented. */
  lasting: number;
  /** Comes and goes within a step. */
  passing: number;
  /** What the phases other than the largest take beyond `lasting`: blocks of other sizes, seldom used again for the largest. */
  otherPhases: number;
  /** Mean length over the longest; null: all alike. */
  meanShare: number | null;
  /** Bytes of the GPU; null: not known. The allocator gives blocks back before it fails. */
  capacity: number | null;
  gpus: number;
}

/**
 * The constants that are fitted to published peaks; all else in this folder is counted. That they carry over to sources they were not
 * fitted on is shown by points/cross-validate.ts (`npm run bench`).
 */
export interface Constants {
  /** What is counted, over what is; 1 unless this machine was calibrated. */
  lasting: number;
  passing: number;
  /** Share of what comes and goes that the caching allocator holds beyond it, where every batch has the same length. */
  equalLengths: number;
  /** The same over the mean share of the longest, where lengths differ. */
  differingLengths: number;
  /** Share of the smaller phases' blocks that the largest phase cannot use. */
  unshared: number;
}

export const constants: Constants = {
  ...{ lasting: 1, passing: 1 },
  equalLengths: 0.35,
  // Blocks of a batch do not fit the next longer one, and are kept; how many there are depends on the order of the rows. Medians are best
  // with 2; with 1.6 nine in ten points are within 30 %, and the median loses a point.
  differingLengths: 1.6,
  unshared: 0.5,
};

/** Width of the bands: what stays is counted exactly but for buffers, what passes depends on kernels and versions. */
const spread = {
  lasting: { low: 0.97, high: 1.08 },
  passing: { low: 0.85, high: 1.28 },
  fragmentation: { low: -0.3, high: 0.45 },
  unshared: { low: 0, high: 2 },
};

/** Bytes of tensors at the peak (torch.cuda.max_memory_allocated). */
export function allocatedBand({ lasting, passing }: PeakParts, by: Constants = constants): Band {
  const [stays, goes] = [lasting * by.lasting, passing * by.passing];
  return {
    low: stays * spread.lasting.low + goes * spread.passing.low,
    mid: stays + goes,
    high: stays * spread.lasting.high + goes * spread.passing.high,
  };
}

/** Bytes that the allocator holds at the peak (torch.cuda.max_memory_reserved). */
export function reservedBand(parts: PeakParts, by: Constants = constants): Band {
  const allocated = allocatedBand(parts, by);
  const fragmentation = fragmentationBand(parts.meanShare, by);
  const at = (bound: keyof Band, unshared: number): number => {
    const held = allocated[bound] + fragmentation[bound] * parts.passing + unshared * parts.otherPhases;
    return parts.capacity === null ? held : Math.max(allocated[bound], Math.min(held, parts.capacity));
  };
  return {
    low: at("low", by.unshared * spread.unshared.low),
    mid: at("mid", by.unshared),
    high: at("high", by.unshared * spread.unshared.high),
  };
}

/** Shares of the passing bytes. Differing lengths are the wider band: it is not known which batch comes when. */
function fragmentationBand(meanShare: number | null, by: Constants): Band {
  if (meanShare === null) {
    const { low, high } = spread.fragmentation;
    return { low: Math.max(0, by.equalLengths + low), mid: by.equalLengths, high: by.equalLengths + high };
  }
  const mid = Math.min(1.2, Math.max(by.equalLengths, by.differingLengths * meanShare));
  const { low, high } = spread.fragmentation;
  return { low: Math.max(0, mid + 2 * low), mid, high: mid + 2 * high };
}

const gib = 2 ** 30;

/** CUDA context, cuBLAS' workspace, loaded kernels; NCCL's channels where GPUs talk. Cards and drivers differ. */
export function contextBand(gpus: number): Band {
  const nccl = gpus > 1 ? 1 : 0;
  return { low: 0.3 * gib, mid: (0.5 + 0.5 * nccl) * gib, high: (0.9 + 1.5 * nccl) * gib };
}

/** Bytes that nvidia-smi shows at the peak. */
export function deviceBand(parts: PeakParts, by: Constants = constants): Band {
  const [reserved, context] = [reservedBand(parts, by), contextBand(parts.gpus)];
  return { low: reserved.low + context.low, mid: reserved.mid + context.mid, high: reserved.high + context.high };
}
