// What `ft eval compare` shows: an overview of all sides, then for each suite the candidate against each of them, by slice, and the examples that turned.
import type { MetricRow, SuiteComparison } from "../../eval/side-by-side.js";
import type { SuiteInput } from "../../eval/suites/suite-inputs.js";
import type { Block, Level, Report, Table } from "../../report/block.js";
import { counted } from "../../report/number.js";
import { difference, interval, level } from "./metric-figures.js";

export interface ShownTurn {
  fixed: boolean;
  item: string;
  /** Null: what was asked is not kept. */
  input: SuiteInput | null;
  before: string | null;
  after: string | null;
}

export interface ShownSuite {
  name: string;
  type: string;
  items: number;
  /** The candidate is the last. */
  labels: string[];
  comparison: SuiteComparison;
  missing: { label: string; why: string }[];
  /** Some of those that turned; broken ones first. */
  turns: ShownTurn[];
}

export function sideBySideReport(candidate: string, suites: readonly ShownSuite[]): Report {
  const sides = [...new Set(suites.flatMap(({ labels }) => labels))].filter((label) => label !== candidate);
  return {
    title: `${candidate} against ${sides.join(" and ") || "nothing"}`,
    subtitle: "Each difference is over the same items, with its 95 % interval; one that holds zero cannot tell.",
    blocks: [overview(suites, [...sides, candidate]), ...suites.flatMap(suiteBlocks)],
  };
}

function overview(suites: readonly ShownSuite[], labels: string[]): Block {
  const rows = suites.flatMap(({ name, comparison }) =>
    comparison.rows.map((row) => ({
      cells: [
        `${name}/${row.metric.name}`,
        ...labels.map((label) => shownMean(row, label)),
        String(row.means.at(-1)!.n),
      ],
    })),
  );
  const columns = [{ head: "" }, ...[...labels, "items"].map((head) => ({ head, align: "right" as const }))];
  return { kind: "table", title: "Side by side", columns, rows };
}

function shownMean({ means, metric }: MetricRow, label: string): string {
  const mean = means.find((side) => side.label === label)?.mean ?? null;
  return mean === null ? "–" : level(mean, metric.format);
}

function suiteBlocks(suite: ShownSuite): Block[] {
  const { comparison, labels, missing } = suite;
  const candidate = labels.at(-1)!;
  // What it is to replace first.
  const tables = labels
    .slice(0, -1)
    .reverse()
    .map(
      (label): Table => ({
        kind: "table",
        title: `${suite.name}: ${candidate} against ${label}`,
        columns: columnsFor("metric", label, candidate),
        rows: comparison.rows.flatMap((row) => againstRow(row.metric.name, row, label, { withItems: false }) ?? []),
      }),
    );
  const notes = [
    ...missing.map(({ label, why }) => ({
      text: `Not against ${label}: ${why} (ft eval run ${label})`,
      level: "warning" as const,
    })),
    ...comparison.failed.map(({ label, errors }) => ({
      text: `${counted(errors, "item")} of ${label} could not be scored: the evaluation is not complete (ft eval show ${label})`,
      level: "bad" as const,
    })),
  ];
  const first = tables[0] ?? alone(suite);
  first.notes = notes;
  const main = labels.at(-2);
  return [first, ...tables.slice(1), ...(main === undefined ? [] : sliceTables(suite, main)), ...turnTables(suite)];
}

function alone({ name, labels, comparison }: ShownSuite): Table {
  const label = labels.at(-1)!;
  return {
    kind: "table",
    title: `${name}: ${label} alone`,
    columns: [{ head: "metric" }, { head: label, align: "right" }],
    rows: comparison.rows.map((row) => ({ cells: [row.metric.name, shownMean(row, label)] })),
  };
}

function columnsFor(first: string, before: string, after: string, { withItems = false } = {}): Table["columns"] {
  return [
    { head: first },
    ...(withItems ? [{ head: "items", align: "right" as const }] : []),
    ...[before, after, "difference"].map((head) => ({ head, align: "right" as const })),
    { head: "95 % interval" },
    { head: "" },
  ];
}

function againstRow(
  name: string,
  { metric, against }: MetricRow,
  label: string,
  { withItems }: { withItems: boolean },
): Table["rows"][number] | null {
  const { result, better } = against.find((side) => side.label === label)!;
  if (result === null) return null;
  const { format } = metric;
  const cells = [
    name,
    ...(withItems ? [String(result.n)] : []),
    ...[level(result.before, format), level(result.after, format), difference(result.difference, format)],
    ...[interval(result, format), verdict(better)],
  ];
  return { cells, ...levelOf(better) };
}

function verdict(better: boolean | null): string {
  return better === null ? "no clear difference" : better ? "better" : "worse";
}

function levelOf(better: boolean | null): { level?: Level } {
  return better === null ? {} : { level: better ? "good" : "bad" };
}

function sliceTables({ name, labels, comparison }: ShownSuite, main: string): Table[] {
  const candidate = labels.at(-1)!;
  return comparison.slices.map(({ field, values }) => ({
    kind: "table",
    title: `${name}/${values[0]?.row.metric.name} by ${field}`,
    columns: columnsFor(field, main, candidate, { withItems: true }),
    rows: values
      .slice(0, shownValues)
      .flatMap(({ value, row }) => againstRow(value, row, main, { withItems: true }) ?? []),
    notes: values.length > shownValues ? [{ text: `and ${values.length - shownValues} other values` }] : [],
  }));
}

const shownValues = 20;

function turnTables({ name, labels, comparison, turns }: ShownSuite): Table[] {
  const { turned } = comparison;
  if (!turned || turned.items.length === 0) return [];
  const fixed = turned.items.filter((one) => one.fixed).length;
  const broken = turned.items.length - fixed;
  const rest = turned.items.length - turns.length;
  return [
    {
      kind: "table",
      title: `${name}/${turned.metric}: ${counted(fixed, "item")} fixed, ${broken} broken against ${turned.against}`,
      columns: ["", "asked", "wanted", turned.against, labels.at(-1)!].map((head) => ({ head })),
      rows: turns.map(({ fixed, item, input, before, after }) => ({
        cells: [
          fixed ? "fixed" : "broken",
          input?.messages?.at(-1)?.content ?? item,
          input?.reference ?? "",
          before ?? "",
          after ?? "",
        ],
        level: fixed ? "good" : "bad",
      })),
      notes: rest > 0 ? [{ text: `and ${rest} more (--examples ${turned.items.length} shows all)` }] : [],
    },
  ];
}
