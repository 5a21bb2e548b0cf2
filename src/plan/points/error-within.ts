// An error that a share of the points are within: counted, not interpolated between two of them.

/** @param errors ascending, at least one. @param share in (0, 1] */
export function errorWithin(errors: readonly number[], share: number): number {
  return errors[Math.ceil(share * errors.length - 1e-9) - 1] as number;
}
