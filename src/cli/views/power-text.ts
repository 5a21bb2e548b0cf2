// What `ft eval power` prints.
import { count, percentText } from "../../eval/gate/words.js";
import type { MetricPower } from "../../eval/measured-power.js";
import type { AssumedPower, PowerSettings } from "../../eval/power.js";
import { visibleText } from "../../report/visible.js";
import { cut } from "./format.js";
import { plainTable } from "./plain-table.js";

/** Ends with a newline. */
export function assumedPowerText({ needed, shown }: AssumedPower, settings: PowerSettings): string {
  const rows = [...new Set(needed.map(({ discordance }) => discordance))];
  const margins = [...new Set(needed.map(({ margin }) => margin))];
  const sizes = [...new Set(shown.map(({ items }) => items))];
  const cells = (discordance: number) => needed.filter((each) => each.discordance === discordance);
  const lines = [
    `items needed for ${who(settings)}, by margin`,
    "",
    ...plainTable(
      [{ head: "items that differ" }, ...margins.map((margin) => ({ head: points(margin), align: "right" as const }))],
      rows.map((row) => [
        percentText(row),
        ...cells(row).map(({ items }) => (items === null ? "never" : count(items))),
      ]),
    ),
    "",
    "the smallest margin that a number of items can show",
    "",
    ...plainTable(
      [{ head: "items that differ" }, ...sizes.map((n) => ({ head: `${count(n)} items`, align: "right" as const }))],
      rows.map((row) => [
        percentText(row),
        ...shown.filter(({ discordance }) => discordance === row).map(({ margin }) => points(margin)),
      ]),
    ),
    "",
    "items that differ: those that one of the two answers right and the other wrong.",
    "Two files of scores measure it: ft eval power champion.jsonl candidate.jsonl",
  ];
  return `${lines.join("\n")}\n`;
}

/** Ends with a newline. */
export function measuredPowerText(rows: readonly MetricPower[], settings: PowerSettings): string {
  const lines = [
    `items needed for ${who(settings)}, by how much these items differ`,
    "",
    ...plainTable(
      [
        { head: "metric" },
        { head: "items now", align: "right" },
        { head: "that differ", align: "right" },
        { head: "they can show", align: "right" },
        { head: "margin", align: "right" },
        { head: "items needed", align: "right" },
      ],
      rows.map((row) => [
        cut(visibleText(row.metric), 20),
        count(row.n),
        percentText(row.discordance),
        row.smallestMargin === null ? "?" : share(row.smallestMargin, row),
        row.margin === null ? "?" : share(row.margin, row),
        row.itemsNeeded === null ? (row.margin === null ? "?" : "never") : count(row.itemsNeeded),
      ]),
    ),
  ];
  if (rows.some(({ marginOf }) => marginOf === null))
    lines.push("", "?: the metric has no known scale, so that a margin as a share of it means nothing");
  return `${lines.join("\n")}\n`;
}

function who({ effect, power, confidence }: PowerSettings): string {
  const how =
    effect === 0
      ? "is as good as the champion"
      : `truly is ${points(Math.abs(effect))} ${effect > 0 ? "better" : "worse"}`;
  return `a candidate that ${how}\nto pass with ${percentText(power)} probability at ${percentText(confidence)} confidence`;
}

function points(share: number): string {
  return `${(100 * share).toFixed(1).replace("-", "−")} pts`;
}

function share(value: number, { marginOf }: MetricPower): string {
  return marginOf === "champion" ? percentText(value) : points(value);
}
