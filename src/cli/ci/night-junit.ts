// The night as JUnit XML: a case a step, and one for each of the gate's checks.
import { FtError } from "../../errors.js";
import { reasonOf } from "../../eval/gate/words.js";
import { type Night, nightSteps } from "../../pipeline/ci/night.js";
import { type JunitCase, junitXml } from "../../report/junit.js";
import { failureLines } from "../views/failure-lines.js";

export function nightJunit(night: Night): string {
  const suites = [
    { name: `ft ci ${night.name}`, cases: nightSteps.map((step) => stepCase(night, step)) },
    ...(night.decision
      ? [{ name: `ft gate ${night.decision.labels.candidate}`, cases: checkCases(night.decision) }]
      : []),
  ];
  return junitXml(`ft ci ${night.name}`, suites);
}

function stepCase(night: Night, name: (typeof nightSteps)[number]): JunitCase {
  const { failedIn, failure, decision, outcome, summary } = night;
  const taken = night.steps.find((step) => step.name === name);
  const known = { className: `ft.ci.${night.name}`, name, ...(taken && { seconds: taken.seconds }) };
  const isBroken = outcome === "failed" && (failedIn === name || (failedIn === null && name === "data"));
  if (isBroken) {
    const type = failure instanceof FtError ? failure.code : "internal";
    return { ...known, outcome: { kind: "error", type, message: summary, text: failureLines(failure).join("\n") } };
  }
  if (name === "gate" && decision && decision.verdict !== "promote") {
    const text = decision.reasons.join("\n");
    return { ...known, outcome: { kind: "failure", type: decision.verdict, message: summary, text } };
  }
  if (!taken)
    return {
      ...known,
      outcome: { kind: "skipped", message: outcome === "unchanged" ? summary : "not needed, or not reached" },
    };
  return known;
}

function checkCases({ checks, rule, labels }: NonNullable<Night["decision"]>): JunitCase[] {
  return checks.map((check): JunitCase => {
    const known = { className: `ft.gate.${labels.candidate}`, name: `${check.name} against ${check.against}` };
    const reason = reasonOf(check, rule);
    if (check.passed) return { ...known, out: reason };
    return { ...known, outcome: { kind: "failure", type: check.role, message: reason, text: reason } };
  });
}
