// The losses of a run in bounded memory: a point stands for as many steps as it must, so that a long run keeps its whole shape.

interface LossPoint {
  /** Last step that the point stands for. */
  step: number;
  /** Mean loss of those steps. */
  loss: number;
  /** Logged losses in the mean. */
  n: number;
}

export interface LossHistory {
  /** Steps a point stands for: 1, 2, 4, ... */
  stepsPerPoint: number;
  /** Oldest first, at most `maxPoints`. */
  points: readonly LossPoint[];
  first: number | null;
  lowest: number | null;
  /** Null before the first step, and when the latest loss is not a number. */
  last: number | null;
  /** The latest loss was NaN or infinite. */
  isBroken: boolean;
}

export const maxPoints = 500;

export const noLosses: LossHistory = {
  stepsPerPoint: 1,
  points: [],
  first: null,
  lowest: null,
  last: null,
  isBroken: false,
};

/** `loss` null: not a finite number. A step that was seen before (after a resume) replaces what came from it on. */
export function addLoss(history: LossHistory, step: number, loss: number | null): LossHistory {
  if (loss === null) return { ...history, last: null, isBroken: true };
  const { points, stepsPerPoint } = history;
  const latest = points.at(-1);
  const kept = latest && latest.step >= step ? points.filter((point) => point.step < step) : points;
  const merged = mergeByBucket([...kept.slice(-1), { step, loss, n: 1 }], stepsPerPoint);
  const grown = [...kept.slice(0, -1), ...merged];
  const isFull = grown.length > maxPoints;
  return {
    stepsPerPoint: isFull ? stepsPerPoint * 2 : stepsPerPoint,
    points: isFull ? mergeByBucket(grown, stepsPerPoint * 2) : grown,
    first: history.first ?? loss,
    lowest: Math.min(history.lowest ?? loss, loss),
    last: loss,
    isBroken: false,
  };
}

function mergeByBucket(points: readonly LossPoint[], stepsPerPoint: number): LossPoint[] {
  const bucket = (step: number): number => Math.ceil(step / stepsPerPoint);
  const merged: LossPoint[] = [];
  for (const point of points) {
    const before = merged.at(-1);
    if (before && bucket(before.step) === bucket(point.step)) merged[merged.length - 1] = mean(before, point);
    else merged.push(point);
  }
  return merged;
}

function mean(a: LossPoint, b: LossPoint): LossPoint {
  const n = a.n + b.n;
  return { step: b.step, loss: (a.loss * a.n + b.loss * b.n) / n, n };
}
