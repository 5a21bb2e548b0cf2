// What an engine's environment takes on disk, unpacked: measured with CUDA's wheels at 5.7 (trl) to 6.1 GB (axolotl).
import type { Device } from "../machine.js";

/** A CPU gets CUDA's wheels too where the index of torch's other builds can't be reached (install.ts). */
export const environmentBytes: Record<Device["kind"], number> = { cpu: 6e9, cuda: 6e9, rocm: 16e9, mps: 1.5e9 };

/** Too little for a start; a disk that fills up later is told by what uv says. */
export const leastEnvironmentBytes = 300e6;
