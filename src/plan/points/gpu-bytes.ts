// Memory of the GPU that a measured row names.

/** "A100-80GB" -> 80 GiB. Null: no size in the name. */
export function gpuBytesInName(name: string): number | null {
  const size = /(\d+)\s?GB/i.exec(name)?.[1];
  return size ? Number(size) * 2 ** 30 : null;
}
