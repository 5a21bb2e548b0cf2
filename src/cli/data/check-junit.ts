// The findings as JUnit XML, as CI servers read it: a suite a file, a case a rule; a rule with an error fails its case.
import type { Finding } from "../../dataset/canonical.js";
import type { CheckReport } from "../../dataset/check-dataset.js";
import { type RuleId, ruleIds, rules } from "../../dataset/rules.js";
import { type JunitCase, junitXml } from "../../report/junit.js";

/** Places named in one case; the count says how many there are. */
const placesShown = 20;

export function checkJunit(report: CheckReport): string {
  const suites = report.files.map((file) => ({
    name: file,
    cases: ruleIds.map((id) =>
      testCase(
        id,
        file,
        report.findings.filter((finding) => finding.file === file && finding.rule === id),
      ),
    ),
  }));
  return junitXml("ft data check", suites);
}

function testCase(id: RuleId, file: string, found: Finding[]): JunitCase {
  const known = { className: file, name: `${id} ${rules[id].title}` };
  if (found.length === 0) return known;
  const text = `${places(found)}\nfix: ${found[0]?.fix ?? rules[id].fix}`;
  if (!found.some(isError)) return { ...known, out: text };
  const message = found.length === 1 ? "1 finding" : `${found.length} findings`;
  return { ...known, outcome: { kind: "failure", type: id, message, text } };
}

function isError({ severity }: Finding): boolean {
  return severity === "error";
}

function places(found: Finding[]): string {
  const lines = found.slice(0, placesShown).map(({ file, line, message }) => `${file}:${line}  ${message}`);
  const more = found.length - placesShown;
  return [...lines, ...(more > 0 ? [`... and ${more} more`] : [])].join("\n");
}
