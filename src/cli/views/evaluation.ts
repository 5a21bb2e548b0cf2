// What `ft eval show` prints: a list of what is stored, or one subject's results suite by suite.
import type { EvaluationManifest } from "../../eval/record.js";
import type { MetricResult } from "../../eval/stored-results.js";
import type { SuiteInput } from "../../eval/suites/suite-inputs.js";
import type { Block, Report } from "../../report/block.js";
import { counted } from "../../report/number.js";
import { level } from "./metric-figures.js";

export interface ShownEvaluation {
  manifest: EvaluationManifest;
  /** Of the subject. */
  label: string;
  results: MetricResult[];
  /** Items that could not be scored. */
  failed: { item: string; error: string; input: SuiteInput | null }[];
}

export function listReport(shown: readonly ShownEvaluation[]): Report {
  const rows = shown.map(({ manifest, label, results }) => ({
    cells: [
      ...[label, manifest.suite.name, results.map(said).join(", "), String(manifest.items), time(manifest.endedAt)],
      manifest.id,
    ],
    ...(manifest.errors > 0 && { level: "bad" as const }),
  }));
  const columns = ["subject", "suite", "results", "items", "when", "id"].map((head) => ({
    ...{ head, align: head === "items" ? ("right" as const) : ("left" as const) },
  }));
  return {
    title: "Evaluations",
    subtitle: shown.length > 0 ? "Newest first; ft eval show <subject> says more." : "None yet: ft eval run",
    blocks: [{ kind: "table", title: counted(shown.length, "evaluation"), columns, rows }],
  };
}

export function evaluationReport(asked: string, shown: readonly ShownEvaluation[]): Report {
  const { base } = shown[0]!.manifest.subject;
  return {
    title: `Evaluations of ${asked}`,
    subtitle: `base ${base.id} at ${base.revision.slice(0, 19)}`,
    blocks: shown.flatMap(blocksOf),
  };
}

function blocksOf({ manifest, results, failed }: ShownEvaluation): Block[] {
  const { suite, decoding, tools, items, endedAt, errors, notes } = manifest;
  const facts = Object.entries({ ...decoding, ...notes }).map(([name, value]) => `${name} ${JSON.stringify(value)}`);
  const table: Block = {
    kind: "table",
    title: `${suite.name}  (${suite.type}, ${counted(items, "item")})`,
    columns: [
      { head: "metric" },
      { head: "result", align: "right" },
      { head: "95 % interval" },
      { head: "items", align: "right" },
    ],
    rows: results.map(({ metric, result }) => ({
      cells: [
        metric.name,
        result === null ? "–" : level(result.mean, metric.format),
        result === null ? "" : `${level(result.low, metric.format)} to ${level(result.high, metric.format)}`,
        String(result?.n ?? 0),
      ],
    })),
    notes: [
      { text: `${time(endedAt)}, by ${versions(tools)}${facts.length > 0 ? `; ${facts.join(", ")}` : ""}` },
      ...(errors > 0
        ? [{ text: `not complete: ${counted(errors, "item")} could not be scored`, level: "bad" as const }]
        : []),
    ],
  };
  if (failed.length === 0) return [table];
  const broken: Block = {
    kind: "table",
    title: `${suite.name}: items that could not be scored`,
    columns: [{ head: "where" }, { head: "item" }, { head: "why" }],
    rows: failed.slice(0, shownFailures).map(({ item, error, input }) => ({
      cells: [input ? `${input.file}:${input.line}` : "", item, error],
      level: "bad",
    })),
    notes: failed.length > shownFailures ? [{ text: `and ${failed.length - shownFailures} more` }] : [],
  };
  return [table, broken];
}

const shownFailures = 20;

function said({ metric, result }: MetricResult): string {
  return `${metric.name} ${result === null ? "–" : level(result.mean, metric.format)}`;
}

function versions(tools: Record<string, string>): string {
  return Object.entries(tools)
    .map(([name, version]) => `${name} ${version}`)
    .join(", ");
}

function time(at: number): string {
  return `${new Date(at).toISOString().slice(0, 16).replace("T", " ")} UTC`;
}
