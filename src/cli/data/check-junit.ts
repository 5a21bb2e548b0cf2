// The findings as JUnit XML, as CI servers read it: a suite a file, a case a rule; a rule with an error fails its case.
import type { Finding } from "../../dataset/canonical.js";
import type { CheckReport } from "../../dataset/check-dataset.js";
import { type RuleId, ruleIds, rules } from "../../dataset/rules.js";

/** Places named in one case; the count says how many there are. */
const placesShown = 20;

export function checkJunit(report: CheckReport): string {
  const suites = report.files.map((file) =>
    suite(
      file,
      report.findings.filter((finding) => finding.file === file),
    ),
  );
  return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites name="ft data check">\n${suites.join("")}</testsuites>\n`;
}

function suite(file: string, findings: Finding[]): string {
  const cases = ruleIds.map((id) => ({ id, found: findings.filter(({ rule }) => rule === id) }));
  const failures = cases.filter(({ found }) => found.some(isError)).length;
  const body = cases.map(({ id, found }) => testCase(id, file, found)).join("");
  return `  <testsuite name="${escaped(file)}" tests="${cases.length}" failures="${failures}" errors="0" skipped="0">\n${body}  </testsuite>\n`;
}

function testCase(id: RuleId, file: string, found: Finding[]): string {
  const open = `    <testcase classname="${escaped(file)}" name="${id} ${escaped(rules[id].title)}"`;
  if (found.length === 0) return `${open}/>\n`;
  const text = escaped(`${places(found)}\nfix: ${found[0]?.fix ?? rules[id].fix}`);
  if (!found.some(isError)) return `${open}>\n      <system-out>${text}</system-out>\n    </testcase>\n`;
  const count = found.length === 1 ? "1 finding" : `${found.length} findings`;
  return `${open}>\n      <failure type="${id}" message="${count}">${text}</failure>\n    </testcase>\n`;
}

function isError({ severity }: Finding): boolean {
  return severity === "error";
}

function places(found: Finding[]): string {
  const lines = found.slice(0, placesShown).map(({ file, line, message }) => `${file}:${line}  ${message}`);
  const more = found.length - placesShown;
  return [...lines, ...(more > 0 ? [`... and ${more} more`] : [])].join("\n");
}

/** Characters that XML 1.0 cannot hold become U+FFFD. */
function escaped(text: string): string {
  return text
    .replace(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, "\ufffd")
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");
}
