// Test results as JUnit XML, as CI servers read it.

export interface JunitSuite {
  name: string;
  cases: JunitCase[];
}

export interface JunitCase {
  className: string;
  name: string;
  seconds?: number;
  /** Absent: passed. */
  outcome?:
    | { kind: "failure" | "error"; type: string; message: string; text: string }
    | { kind: "skipped"; message: string };
  /** What is worth reading although it passed. */
  out?: string;
}

export function junitXml(name: string, suites: readonly JunitSuite[]): string {
  return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites name="${escaped(name)}">\n${suites.map(suiteXml).join("")}</testsuites>\n`;
}

function suiteXml({ name, cases }: JunitSuite): string {
  const count = (kind: string): number => cases.filter(({ outcome }) => outcome?.kind === kind).length;
  const counts = `tests="${cases.length}" failures="${count("failure")}" errors="${count("error")}" skipped="${count("skipped")}"`;
  return `  <testsuite name="${escaped(name)}" ${counts}>\n${cases.map(caseXml).join("")}  </testsuite>\n`;
}

function caseXml({ className, name, seconds, outcome, out }: JunitCase): string {
  const time = seconds === undefined ? "" : ` time="${seconds.toFixed(3)}"`;
  const open = `    <testcase classname="${escaped(className)}" name="${escaped(name)}"${time}`;
  if (!outcome && out === undefined) return `${open}/>\n`;
  if (!outcome) return `${open}>\n      <system-out>${escaped(out!)}</system-out>\n    </testcase>\n`;
  if (outcome.kind === "skipped")
    return `${open}>\n      <skipped message="${escaped(outcome.message)}"/>\n    </testcase>\n`;
  const { kind, type, message, text } = outcome;
  return `${open}>\n      <${kind} type="${escaped(type)}" message="${escaped(message)}">${escaped(text)}</${kind}>\n    </testcase>\n`;
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
