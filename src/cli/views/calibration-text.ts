// What `ft plan --calibrate` prints: each past run with its error, then what was learnt, and the error before and after.
import type { Calibrated, Fitted } from "../../pipeline/calibrate.js";
import { leastRuns } from "../../plan/calibration/fit.js";
import { percent } from "../../report/number.js";
import { plainTable } from "./plain-table.js";
import { words } from "./probe-text.js";

/** Ends with a newline. */
export function calibrationText(machines: readonly Calibrated[]): string {
  if (machines.length === 0)
    return "no run or probe was measured on this machine yet: `ft run` and `ft plan --probe` measure\n";
  return `${machines.map(machineText).join("\n\n")}\n`;
}

function machineText({ machine, fitted, leftOut, file }: Calibrated): string {
  const count = leftOut.length === 1 ? "1 run" : `${leftOut.length} runs`;
  const lines = [
    machine,
    ...fitted.flatMap((one) => ["", ...runTable(one), "", ...verdictLines(one)]),
    ...(leftOut.length > 0
      ? ["", `left out of memory: ${count} that ended before the longest row came up (${leftOut.slice(-3).join(", ")})`]
      : []),
    "",
    file === null
      ? "nothing to correct the estimate by"
      : `kept in ${file}; ft plan and ft run correct by it here from now on`,
  ];
  return lines.join("\n");
}

/** The newest are enough for a person; --json has all. */
const shownRuns = 12;

function runTable({ what, unit, points }: Fitted): string[] {
  const shown = points.slice(-shownRuns);
  return plainTable(
    [
      { head: `${nameOf(what)}, ${unit}` },
      { head: "estimated", align: "right" },
      { head: "measured", align: "right" },
      { head: "error", align: "right" },
    ],
    shown.map(({ id, estimated, measured }) => [
      id,
      figure(estimated, unit),
      figure(measured, unit),
      signedPercent(estimated / measured - 1),
    ]),
  );
}

function verdictLines({ factor, why, before, after, points, unit }: Fitted): string[] {
  const then = `error over these: ${percent(before.median)} in the median, ${percent(before.worst)} at worst`;
  if (why === "too few runs" || after === null)
    return [then, `too few to learn from: ${points.length} of at least ${leastRuns} that tell something`];
  const now = `each corrected by the others: ${percent(after.median)}, ${percent(after.worst)} at worst`;
  if (factor === null) return [then, now, "not used: it would make the estimate no better"];
  const part = unit === "GiB" ? " what is not counted to the byte" : "";
  return [
    then,
    now,
    `learnt: ${factor.factor.toFixed(2)} times${part} (${factor.least.toFixed(2)} to ${factor.most.toFixed(2)} in ${factor.runs} runs)`,
  ];
}

function nameOf(what: string): string {
  return what in words ? words[what as keyof typeof words] : what;
}

function figure(value: number, unit: Fitted["unit"]): string {
  return unit === "GiB" ? value.toFixed(2) : Math.round(value).toLocaleString("en");
}

function signedPercent(share: number): string {
  return `${share > 0 ? "+" : ""}${(100 * share).toFixed(1)} %`;
}
