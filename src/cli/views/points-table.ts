// What `ft plan --points` prints: figures of merit by kind, or, with few points, each one.
import type { Comparison, KindSummary } from "../../plan/points/score.js";
import { plainTable } from "./plain-table.js";

/** Ends with a newline. */
export function pointsText({ points, skipped, summary }: Comparison): string {
  const measured = points.filter(({ measuredGiB }) => measuredGiB !== null);
  const parts = [
    points.length <= fewPoints || measured.length === 0 ? eachPoint(points) : [],
    measured.length > 0 ? summaryTable(summary) : [],
    skipped.length > 0 ? [`no dimensions for: ${skipped.join(", ")}`] : [],
  ];
  return `${parts
    .filter((part) => part.length > 0)
    .map((part) => part.join("\n"))
    .join("\n\n")}\n`;
}

const fewPoints = 30;

function eachPoint(points: Comparison["points"]): string[] {
  return plainTable(
    [
      { head: "id" },
      { head: "kind" },
      { head: "predicted", align: "right" },
      { head: "low", align: "right" },
      { head: "high", align: "right" },
      { head: "measured", align: "right" },
      { head: "error", align: "right" },
    ],
    points.map(({ id, kind, predictedGiB, lowGiB, highGiB, measuredGiB }) => [
      ...[id, kind, predictedGiB.toFixed(1), lowGiB.toFixed(1), highGiB.toFixed(1)],
      measuredGiB === null ? "" : measuredGiB.toFixed(1),
      measuredGiB === null ? "" : percent(predictedGiB / measuredGiB - 1),
    ]),
  );
}

function summaryTable(summary: Record<string, KindSummary>): string[] {
  return plainTable(
    [
      { head: "peak, GiB" },
      { head: "points", align: "right" },
      { head: "median error", align: "right" },
      { head: "90 % within", align: "right" },
      { head: "covered by high", align: "right" },
      { head: "high over mid", align: "right" },
    ],
    Object.entries(summary).map(([name, one]) => [
      ...[name, String(one.points), percent(one.medianError), percent(one.p90Error)],
      ...[percent(one.covered), `${one.highOverPredicted.toFixed(2)}x`],
    ]),
  );
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}
