// What `ft plan --probe` prints: each try, the peak beside the estimate, and what changed.
import type { Probe } from "../../pipeline/probe.js";
import { plainTable } from "./plain-table.js";

/** Ends with a newline. */
export function probeText(probe: Probe, { isApplied }: { isApplied: boolean }): string {
  const { tries, microBatch, accumulation, longestTokens, memory } = probe;
  const [first] = tries;
  const long = longestTokens === null ? "" : ` of ${longestTokens} tokens`;
  const lines = [
    `two steps of the longest rows${long}`,
    ...tries.map(
      ({ microBatch: rows, outcome }) => `  ${rows} ${rows === 1 ? "row" : "rows"} in a forward pass: ${outcome}`,
    ),
    "",
    ...(memory.length > 0 ? peakTable(probe) : ["nothing here tells how much memory was used"]),
  ];
  if (probe.isSmaller) {
    const change = `train.micro_batch: ${first!.microBatch} -> ${microBatch}, ${accumulation} forward passes a step: the same batch`;
    lines.push(
      "",
      change,
      isApplied ? "written into the recipe" : "ft plan --probe --apply writes this into the recipe",
    );
  }
  return `${lines.join("\n")}\n`;
}

function peakTable({ memory }: Probe): string[] {
  const heads = ["measured", "estimated", "low", "high", "for the real length"];
  return plainTable(
    [{ head: "peak, GiB" }, ...heads.map((head) => ({ head, align: "right" as const }))],
    memory.map(({ kind, said, estimated, measured }) => [
      words[kind],
      ...[measured, said.mid, said.low, said.high, estimated].map((value) => value.toFixed(2)),
    ]),
  );
}

export const words = {
  rss: "whole process",
  allocated: "tensors (allocated)",
  reserved: "allocator (reserved)",
} as const;
