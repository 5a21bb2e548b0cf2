// A report as blocks that say what is to be seen, not how: one list of them becomes a terminal's text, an HTML page or Markdown.

/** How much a line should catch the eye. */
export type Level = "good" | "warning" | "bad";

export interface Note {
  text: string;
  level?: Level;
}

interface Titled {
  title: string;
  /** Of the title. */
  level?: Level;
  /** What the figures do not say by themselves, below them. */
  notes?: Note[];
}

/** Names with values: the head of a report. */
export interface Facts extends Titled {
  kind: "facts";
  facts: { name: string; value: string }[];
}

/** Counts by name, as bars; the longest is the largest count. */
export interface Bars extends Titled {
  kind: "bars";
  bars: Bar[];
}

export interface Bar {
  name: string;
  count: number;
  /** The count as it is printed, where it is no whole number of things: "15.3". */
  shown?: string;
  /** What stands beside the count: a share, a length. */
  detail?: string;
}

/** How values are distributed: one series as columns, two (before and after) as columns and a line over them. */
export interface Histogram extends Titled {
  kind: "histogram";
  /** Of the values: "tokens", "characters". */
  unit: string;
  /** Lower ends of the bins, ascending; each ends where the next one starts. */
  edges: number[];
  /** The last bin holds all values from its lower end on. */
  isOpen: boolean;
  series: { name: string; counts: number[] }[];
  /** A limit to be seen among the values. */
  mark?: { at: number; name: string };
  /** "p50 120  p90 ..." */
  summary: string;
}

/** How one figure grows with another: a line with its band, a limit that it may cross, and where one stands. */
export interface Curve extends Titled {
  kind: "curve";
  /** Ascending; equally far apart. */
  x: { unit: string; values: number[] };
  /** One figure for each x, and its lower and upper end. */
  y: { unit: string; low: number[]; mid: number[]; high: number[] };
  limit: { at: number; name: string };
  /** Among x. */
  mark: { at: number; name: string };
  /** What the curve says, in words. */
  summary: string;
}

/** One figure against another: points, those of a series joined. */
export interface Plot extends Titled {
  kind: "plot";
  /** `ticks`: the only values that there can be. `names`: what x counts from 0, where it is no number. */
  x: { unit: string; scale: "linear" | "log"; ticks?: number[] } | { unit: string; names: string[] };
  y: { unit: string };
  /** What a point is: "a trial". */
  one: string;
  /** At least one point in each. `shown`: x and y in words. */
  series: { name: string; isBest: boolean; points: { x: number; y: number; shown: string }[] }[];
  /** What is to be seen, in words. */
  summary: string;
}

export interface Table extends Titled {
  kind: "table";
  columns: { head: string; align?: "left" | "right" }[];
  rows: { cells: string[]; level?: Level }[];
}

export type Block = Facts | Bars | Histogram | Curve | Plot | Table;

export interface Report {
  title: string;
  /** Below the title: what it is about. */
  subtitle: string;
  blocks: Block[];
}
