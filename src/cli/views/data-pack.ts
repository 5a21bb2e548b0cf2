// What `ft data pack` prints for people.
import type { PackPreview } from "../../dataset/curate/pack-rows.js";
import { plainTable } from "./plain-table.js";

export function packText({ rows, tokens, maxLength, packings }: PackPreview): string {
  const number = (value: number) => value.toLocaleString("en");
  const table = plainTable(
    [
      { head: "packing" },
      { head: "sequences", align: "right" },
      { head: "filled", align: "right" },
      { head: "tokens cut", align: "right" },
      { head: "rows cut", align: "right" },
      { head: "" },
    ],
    packings.map(({ strategy, sequences, filled, cutTokens, cutRows }) => [
      strategy,
      number(sequences),
      `${(100 * filled).toFixed(1)} %`,
      number(cutTokens),
      number(cutRows),
      meaning[strategy],
    ]),
  );
  return `${number(rows)} rows, ${number(tokens)} tokens, sequences of ${number(maxLength)}\n\n${table.join("\n")}\n`;
}

const meaning = {
  none: "a row a sequence",
  bfd: "whole rows together, longest first (data.packing: true)",
  bfd_split: "the same, long rows in pieces",
  wrapped: "end to end, cut where a sequence ends",
} as const;
