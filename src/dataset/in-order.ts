// Results in the order in which they were asked for, although they come in any: the oldest is waited for where too many are out.

export interface InOrder {
  /** `take` gets the result when all before it were taken. */
  push<T>(result: Promise<T> | T, take: (result: T) => void): Promise<void>;
  /** All that was asked for is taken. */
  settle(): Promise<void>;
}

/** @param atOnce results that may be out */
export function inOrder(atOnce: number): InOrder {
  const out: (() => Promise<void>)[] = [];
  return {
    async push(result, take) {
      // Another one may be waited for when this one fails.
      if (result instanceof Promise) result.catch(() => {});
      out.push(async () => take(await result));
      while (out.length > atOnce) await out.shift()!();
    },
    async settle() {
      while (out.length > 0) await out.shift()!();
    },
  };
}
