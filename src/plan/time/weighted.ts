// Statistics of values of which each stands for a share of others.

export interface Weighted {
  value: number;
  share: number;
}

export function weightedMean(values: readonly Weighted[]): number {
  return total(values.map(({ value, share }) => value * share)) / Math.max(Number.MIN_VALUE, sharesOf(values));
}

/** Expected largest of `count` draws, and of its square: x_(i) weighs F_i^count - F_(i-1)^count, F the share of those up to it (order statistics of the sample). */
export function largestOf(values: readonly Weighted[], count: number): { mean: number; square: number } {
  const all = sharesOf(values);
  let before = 0;
  let [mean, square] = [0, 0];
  for (const { value, share } of values.toSorted((a, b) => a.value - b.value)) {
    const upTo = before + share / all;
    const weight = upTo ** count - before ** count;
    mean += weight * value;
    square += weight * value * value;
    before = upTo;
  }
  return { mean, square };
}

/** As many values without weights, evenly through the shares, for what takes a plain list. */
export function evenly(values: readonly Weighted[]): number[] {
  const step = sharesOf(values) / values.length;
  let [upTo, next] = [0, step / 2];
  return values.flatMap(({ value, share }) => {
    upTo += share;
    const taken: number[] = [];
    for (; next < upTo; next += step) taken.push(value);
    return taken;
  });
}

function sharesOf(values: readonly Weighted[]): number {
  return total(values.map(({ share }) => share));
}

function total(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0);
}
