// An even sample of a stream of unknown length: every row while there are few, then every 2nd, every 4th ... of all.

export interface EvenSample<T> {
  /** Whether the next row is one of the sample; then `keep` what is wanted of it. */
  next(): boolean;
  keep(value: T): void;
  kept: T[];
  /** One row of how many. */
  oneOf: number;
}

/** @param most more than this are never kept; then every second one is let go */
export function evenSample<T>(most: number): EvenSample<T> {
  let seen = 0;
  return {
    kept: [],
    oneOf: 1,
    next() {
      const isTaken = seen % this.oneOf === 0;
      seen += 1;
      return isTaken;
    },
    keep(value) {
      this.kept.push(value);
      if (this.kept.length < most) return;
      this.kept = this.kept.filter((_, index) => index % 2 === 0);
      this.oneOf *= 2;
    },
  };
}
