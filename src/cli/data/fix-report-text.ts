// What `ft data fix` did, for people.
import type { FixReport } from "../../dataset/fix/fix-files.js";
import { type RuleId, rules } from "../../dataset/rules.js";

export function fixReportText({ files, changes, ...report }: FixReport): string {
  const lines = files.map(
    ({ from, to, rows, written, isOtherKind }) =>
      `${from} -> ${to}${isOtherKind ? ", as JSON lines" : ""}: ${number(written)} of ${number(rows)} rows`,
  );
  for (const action of ["fixed", "dropped", "left"] as const) {
    for (const [rule, count] of Object.entries(report[action])) {
      lines.push(`  ${action.padEnd(7)} ${number(count).padStart(6)}  ${rule} ${rules[rule as RuleId].title}`);
    }
  }
  lines.push(`every change: ${changes}`);
  if (Object.keys(report.left).length > 0)
    lines.push("rows with errors are left as they are: mend them by hand, or give --drop");
  return `${lines.join("\n")}\n`;
}

function number(value: number): string {
  return value.toLocaleString("en");
}
