// What a GPU of the catalogue, or a CPU, computes in a second: the datasheet's figures for the type that the training computes in.
import type { Gpu } from "../gpus.js";
import type { Bytes } from "../memory/setting.js";
import type { Machine } from "./pass-seconds.js";

/** Bytes a second to another GPU and back: NVLink's sum of the A100 generation, and PCIe 4.0 x16. */
const link = { nvlink: 300e9, pcie: 25e9 };

/** Null: nobody published what the card computes in a second. `compute`: bytes of the numbers in products. */
export function machineOfGpu(gpu: Gpu, compute: Bytes): Machine | null {
  const short = gpu.bf16Tflops ?? gpu.fp16Tflops;
  if (short === null || gpu.memoryGBs === null) return null;
  return {
    kind: "gpu",
    flopsPerSecond: 1e12 * (compute === 2 ? short : short * fp32Share),
    bytesPerSecond: 1e9 * gpu.memoryGBs,
    linkBytesPerSecond: gpu.nvlink ? link.nvlink : link.pcie,
  };
}

/** fp32 products do not use tensor cores (torch's default): 19.5 of 312 TFLOPS on an A100, 30 of 121 on an L4; the cautious end. */
const fp32Share = 1 / 16;

export interface CpuFacts {
  cores: number;
  /** Cycles a second; 0: not told. */
  hertz: number;
  /** As /proc/cpuinfo names it; others are taken for NEON's 128 bits. */
  vectors: "avx512" | "avx2" | "other";
}

/** fp32 operations a core and cycle: two units of multiply-add over 8 or 4 numbers; AVX-512 reaches half more (measured: 38 of an EPYC). */
const flopsPerCycle = { avx512: 48, avx2: 32, other: 16 };

/** Bytes a second and core, as far as all of them share the memory's (measured: 63 GB/s on two cores alone). */
const cpuMemory = { core: 12e9, all: 80e9 };

export function machineOfCpu({ cores, hertz, vectors }: CpuFacts): Machine {
  return {
    kind: "cpu",
    flopsPerSecond: cores * (hertz || 2.5e9) * flopsPerCycle[vectors],
    bytesPerSecond: Math.min(cores * cpuMemory.core, cpuMemory.all),
    linkBytesPerSecond: cpuMemory.core,
  };
}
