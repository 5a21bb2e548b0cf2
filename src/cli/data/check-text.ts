// What `ft data check` prints for people: files, findings grouped by rule with the first places, and a verdict.
import { styleText } from "node:util";
import type { Finding, RowKind, Severity } from "../../dataset/canonical.js";
import type { CheckReport } from "../../dataset/check-dataset.js";
import { kindNames, objectivesFor } from "../../dataset/rows-for.js";
import { type RuleId, rules } from "../../dataset/rules.js";
import { visibleLine } from "../../report/visible.js";

const placesShown = 5;
const severities: Severity[] = ["error", "warning", "info"];
const colors = { error: "red", warning: "yellow", info: "cyan" } as const;

/** @param width columns of the terminal; Infinity where there is none */
export function checkText(report: CheckReport, { color, width }: { color: boolean; width: number }): string {
  const paint = (severity: Severity, text: string) => (color ? styleText(colors[severity], text) : text);
  const lines = report.files.map((file) => `${visibleLine(file)}: ${report.formats[file] ?? "format not recognised"}`);
  for (const group of grouped(report.findings)) {
    const { rule, severity, findings } = group;
    const more = findings.length - placesShown;
    lines.push("", `${paint(severity, severity)} ${rule} ${rules[rule].title}${countText(findings.length)}`);
    for (const finding of findings.slice(0, placesShown)) {
      lines.push(hang(visibleLine(`  ${finding.file}:${finding.line}  ${finding.message}`), width));
    }
    if (more > 0) lines.push(`  ... and ${number(more)} more (--json lists them)`);
    lines.push(hang(visibleLine(`  fix: ${findings[0]?.fix ?? rules[rule].fix}`), width));
  }
  lines.push("", ...verdict(report, paint));
  return `${lines.join("\n")}\n`;
}

/** Broken between words; what follows the first line is indented. */
function hang(text: string, width: number): string {
  let column = 0;
  return text.replace(/ *\S+/g, (word) => {
    const fits = column === 0 || column + word.length <= width;
    column = fits ? column + word.length : 4 + word.trimStart().length;
    return fits ? word : `\n    ${word.trimStart()}`;
  });
}

interface Group {
  rule: RuleId;
  severity: Severity;
  findings: Finding[];
}

/** By rule and severity; errors first, then in the order found. */
function grouped(findings: Finding[]): Group[] {
  const groups = new Map<string, Group>();
  for (const finding of findings) {
    const key = `${finding.rule} ${finding.severity}`;
    const group = groups.get(key);
    if (group) group.findings.push(finding);
    else groups.set(key, { rule: finding.rule as RuleId, severity: finding.severity, findings: [finding] });
  }
  return [...groups.values()].sort((a, b) => severities.indexOf(a.severity) - severities.indexOf(b.severity));
}

function verdict(report: CheckReport, paint: (severity: Severity, text: string) => string): string[] {
  const { train, eval: held } = report.facts;
  const files = report.files.length === 1 ? "1 file" : `${report.files.length} files`;
  const found = severities.slice(0, 2).map((severity) => {
    const count = report.findings.filter((finding) => finding.severity === severity).length;
    return `${number(count)} ${severity}${count === 1 ? "" : "s"}`;
  });
  const split = held ? `, ${number(train.rows)} to train on, ${number(held.rows)} held out` : "";
  const unlisted = Object.values(report.counts).reduce((sum, count) => sum + count, 0) - report.findings.length;
  const head = `${number(report.rows)} ${report.rows === 1 ? "row" : "rows"} in ${files}${split}: ${found.join(", ")}`;
  const lines = [report.ok ? head : paint("error", head), ...kindLines(report)];
  if (report.known > 0) lines.push(`${number(report.known)} known findings of the baseline are not told`);
  if (unlisted > 0) lines.push(`${number(unlisted)} further findings were counted but not kept`);
  if (!report.ok) lines.push("next: mend the errors above and check again");
  return lines;
}

/** What the usable rows are, and what for. */
function kindLines({ facts, objective }: CheckReport): string[] {
  const kinds = Object.keys(kindNames) as RowKind[];
  return kinds.flatMap((kind) => {
    const [train, held] = [facts.train.kinds[kind], facts.eval?.kinds[kind] ?? 0];
    if (train + held === 0) return [];
    const rows = `${number(train)} ${train === 1 ? kindNames[kind].one.replace(/^an? /, "") : kindNames[kind].many}`;
    if (objective)
      return [`objective ${objective}: ${rows} to train on${held > 0 ? `, ${number(held)} held out` : ""}`];
    return [`${rows}, for objective ${objectivesFor(kind).join(", ")}`];
  });
}

function countText(count: number): string {
  return count > 1 ? ` (${number(count)})` : "";
}

function number(value: number): string {
  return value.toLocaleString("en");
}
