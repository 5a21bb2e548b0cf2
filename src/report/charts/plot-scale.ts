// Where values of a plot stand between 0 and 1, and which of them are written beside the axis. Pure.
import type { Plot } from "../block.js";

export interface Scale {
  /** 0 at one end, 1 at the other. */
  place(value: number): number;
  ticks: { at: number; text: string }[];
}

/** Some room at both ends, so that no point lies on the frame. */
const margin = 0.06;

/** At most `most` ticks. */
export function xScale({ x, series }: Plot, most: number): Scale {
  if ("names" in x) {
    const place = (index: number) => (index + 0.5) / x.names.length;
    return { place, ticks: x.names.map((text, at) => ({ at, text })) };
  }
  const values = series.flatMap(({ points }) => points.map((point) => point.x));
  const named = x.ticks?.map((at) => ({ at, text: at < 1e-3 ? tickText(at, at) : String(at) }));
  if (x.scale === "linear") return { ...linear(values, most), ...(named ? { ticks: named } : {}) };
  const { place } = linear(values.map(Math.log10), most);
  if (named) return { place: (value) => place(Math.log10(value)), ticks: named };
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const powers = range(Math.floor(Math.log10(low)), Math.ceil(Math.log10(high)));
  const all = powers.flatMap((power) => [1, 2, 5].map((times) => Number(`${times}e${power}`)));
  const within = (ticks: number[]) => ticks.filter((tick) => inside(place(Math.log10(tick))));
  const fine = within(all);
  const coarse = within(powers.map((power) => 10 ** power));
  const chosen = fine.length <= most ? fine : coarse;
  const every = Math.ceil(chosen.length / most);
  return {
    place: (value) => place(Math.log10(value)),
    ticks: chosen.filter((_, index) => index % every === 0).map((at) => ({ at, text: tickText(at, at) })),
  };
}

export function yScale({ series }: Plot, most: number): Scale {
  return linear(
    series.flatMap(({ points }) => points.map(({ y }) => y)),
    most,
  );
}

function linear(values: readonly number[], most: number): Scale {
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const span = high - low || Math.abs(high) || 1;
  const from = low - margin * span;
  const to = high + margin * span;
  const rough = (to - from) / most;
  const size = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((times) => times * size).find((candidate) => candidate >= rough)!;
  const ticks = range(Math.ceil(from / step), Math.floor(to / step)).map((times) => times * step);
  return {
    place: (value) => (value - from) / (to - from),
    ticks: ticks.map((at) => ({ at, text: tickText(at, step) })),
  };
}

/** With as many digits as the step has. */
function tickText(value: number, step: number): string {
  const digits = Math.max(0, -Math.floor(Math.log10(step) + 1e-9));
  if (digits > 3) return Number(value.toPrecision(3)).toExponential().replace("e+", "e");
  return value.toLocaleString("en", { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

function inside(place: number): boolean {
  return place >= 0 && place <= 1;
}

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from + 1 }, (_, index) => from + index);
}
