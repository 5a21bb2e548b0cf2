// What a training would run on, as the plan sees it: so many GPUs of so much memory, or a CPU's memory.
import type { Correction } from "./calibration/correct.js";
import type { Gpu, GpuChoice } from "./gpus.js";

export interface Hardware {
  /** "2 x NVIDIA L4". */
  label: string;
  /** The catalogue's name; null: it is here, or a CPU. */
  alias: string | null;
  kind: "gpu" | "cpu";
  count: number;
  /** Bytes of each GPU, or of the machine. */
  bytes: number;
  /** It computes bf16 fast. */
  bf16: boolean;
  /** What `train.micro_batch: auto` is on it; left out: the recipe has a number already. */
  microBatch?: number;
  /** What past runs on it taught; left out: nothing, or it is not here. */
  correction?: Correction;
}

export function hardwareOf({ gpu, count }: GpuChoice): Hardware {
  return {
    label: count === 1 ? gpu.name : `${count} x ${gpu.name}`,
    ...{ alias: gpu.alias, kind: "gpu", count, bytes: gpu.vramGiB * 2 ** 30, bf16: hasBf16(gpu) },
  };
}

function hasBf16({ bf16Tflops }: Gpu): boolean {
  return bf16Tflops !== null;
}
