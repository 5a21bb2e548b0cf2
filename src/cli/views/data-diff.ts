// What `ft data diff` shows: rows that changed with examples, and distributions that moved.
import type { NumberDrift, ValueDrift } from "../../dataset/diff/compare-stats.js";
import type { DatasetDiff, RowExample } from "../../dataset/diff/diff-datasets.js";
import type { Drift, DriftLevel } from "../../dataset/diff/drift.js";
import type { Block, Level, Report } from "../../report/block.js";
import { counted, number, percent } from "../../report/number.js";

export function diffReport(diff: DatasetDiff, { before, after }: { before: string; after: string }): Report {
  const { numbers, values } = diff.drift;
  const blocks: (Block | null)[] = [
    rowBars(diff),
    ...numbers.filter(({ edges, level }) => edges.length > 3 || level !== "none").map(lengthPlot),
    driftTable(diff),
    ...values.filter(({ level }) => level !== "none").map(valueTable),
    examples(diff),
  ];
  return {
    title: `${before} -> ${after}`,
    subtitle: diffSummary(diff),
    blocks: blocks.filter((block) => block !== null),
  };
}

export function diffSummary({ rows, drift }: DatasetDiff): string {
  if (isSame({ rows })) return "nothing changed";
  const moved = [...drift.numbers, ...drift.values].filter(({ level }) => level !== "none").map(({ name }) => name);
  const parts = (["added", "removed", "changed"] as const).map((what) => `${number(rows[what])} ${what}`);
  return `${parts.join(", ")}; ${moved.length === 0 ? "no distribution moved" : `moved: ${moved.join(", ")}`}`;
}

/** Every row is still there, and no other. */
export function isSame({ rows }: Pick<DatasetDiff, "rows">): boolean {
  return rows.added + rows.removed + rows.changed === 0;
}

export function rowBars({ rows, unusable, key }: DatasetDiff): Block {
  const bars = (["unchanged", "changed", "added", "removed"] as const).map((name) => {
    const share = name === "added" ? rows[name] / (rows.after || 1) : rows[name] / (rows.before || 1);
    return { name, count: rows[name], detail: `${percent(share)} of the ${name === "added" ? "new" : "old"} rows` };
  });
  const notes = [
    {
      text: `${counted(rows.before, "row")} before, ${number(rows.after)} after; changed: ${key === undefined ? "the same prompt, another answer" : `the same ${key}, another row`}`,
    },
  ];
  const bad = unusable.before + unusable.after;
  const text = `not compared, as they cannot be used: ${number(unusable.before)} before, ${number(unusable.after)} after`;
  return { kind: "bars", title: "rows", bars, notes: bad > 0 ? [...notes, { text, level: "warning" }] : notes };
}

const levels: Record<DriftLevel, Level | undefined> = { none: undefined, moderate: "warning", large: "bad" };

export function driftTable({ drift: { numbers, values } }: DatasetDiff): Block {
  const verdictText = ({ level, psi, noise }: Drift) =>
    level !== "none" ? level : psi >= 0.1 && psi <= noise ? "within chance" : "none";
  const row = (drift: Drift, cells: string[]) => {
    const level = levels[drift.level];
    return { cells: [drift.name, ...cells, drift.psi.toFixed(3), verdictText(drift)], ...(level && { level }) };
  };
  const top = ({ values: all }: ValueDrift, side: "before" | "after") => {
    const total = all.reduce((sum, each) => sum + each[side], 0);
    const first = all.reduce((best, each) => (each[side] > best[side] ? each : best));
    return total === 0 ? "-" : `${first.value} ${percent(first[side] / total)}`;
  };
  return {
    kind: "table",
    title: "drift",
    columns: [
      { head: "of" },
      { head: "before" },
      { head: "after" },
      { head: "PSI", align: "right" },
      { head: "drift" },
    ],
    rows: [
      ...numbers.map((each) => row(each, [medians(each.before), medians(each.after)])),
      ...values.map((each) => row(each, [top(each, "before"), top(each, "after")])),
    ],
    notes: [
      {
        text: "PSI: population stability index; from 0.1 moderate, from 0.25 large (Siddiqi 2006), unless so few rows reach it by chance in 5 % of cases (Yurdakul 2018)",
      },
    ],
  };
}

function medians({ p50, p99 }: NumberDrift["before"]): string {
  return `p50 ${number(p50)}, p99 ${number(p99)}`;
}

function lengthPlot({ name, edges, counts, before, after }: NumberDrift): Block {
  return {
    kind: "histogram",
    title: name,
    unit: name.split(" ")[0]!,
    edges,
    isOpen: true,
    series: [
      { name: "before", counts: counts.before },
      { name: "after", counts: counts.after },
    ],
    summary: `before p50 ${number(before.p50)}, p99 ${number(before.p99)}, max ${number(before.max)}; after p50 ${number(after.p50)}, p99 ${number(after.p99)}, max ${number(after.max)}`,
  };
}

const valuesShown = 12;

function valueTable({ name, values }: ValueDrift): Block {
  const totals = { before: 0, after: 0 };
  for (const each of values) {
    totals.before += each.before;
    totals.after += each.after;
  }
  const rows = values.slice(0, valuesShown).map(({ value, before, after }) => {
    const [old, fresh] = [before / (totals.before || 1), after / (totals.after || 1)];
    const points = (fresh - old) * 100;
    const cells = [value, `${number(before)}  ${percent(old)}`, `${number(after)}  ${percent(fresh)}`];
    return { cells: [...cells, `${points < 0 ? "−" : "+"}${Math.abs(points).toFixed(1)} pts`] };
  });
  const right = (head: string) => ({ head, align: "right" as const });
  return {
    kind: "table",
    title: name,
    columns: [{ head: "value" }, right("before"), right("after"), right("moved")],
    rows,
  };
}

function examples({ examples: { changed, added, removed }, rows }: DatasetDiff): Block | null {
  const place = ({ place: { file, line } }: RowExample) => `${file}:${line}`;
  const lines = [
    ...changed.map(({ before, after }) => {
      const [old, fresh] = [before.text, after.text];
      const from = Math.max(0, commonStart(old, fresh) - 20);
      return { cells: ["changed", place(after), excerpt(old, from), excerpt(fresh, from)] };
    }),
    ...added.map((each) => ({ cells: ["added", place(each), "", excerpt(each.text, 0)] })),
    ...removed.map((each) => ({ cells: ["removed", place(each), excerpt(each.text, 0), ""] })),
  ];
  if (lines.length === 0) return null;
  const shown = `${changed.length + added.length + removed.length} of ${number(rows.changed + rows.added + rows.removed)}`;
  const columns = [{ head: "" }, { head: "where" }, { head: "before" }, { head: "after" }];
  return { kind: "table", title: `examples (${shown})`, columns, rows: lines };
}

const excerptChars = 120;

function excerpt(text: string, from: number): string {
  const part = text.slice(from, from + excerptChars);
  return `${from > 0 ? "…" : ""}${part}${from + excerptChars < text.length ? "…" : ""}`;
}

function commonStart(a: string, b: string): number {
  let length = 0;
  while (length < a.length && a[length] === b[length]) length += 1;
  return length;
}
