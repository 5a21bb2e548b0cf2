// Collects findings with bounded memory: counts all, keeps the first ones of each rule.
import type { Finding } from "./canonical.js";

export interface FindingCollector {
  add(finding: Finding): void;
  /** Kept ones, in the order found. */
  findings: Finding[];
  /** All, by rule, kept or not. */
  counts: Record<string, number>;
  errors(): number;
}

/** Findings kept of each rule; the rest is only counted. */
const keptPerRule = 10_000;

export function collectFindings(): FindingCollector {
  const findings: Finding[] = [];
  const counts: Record<string, number> = {};
  let errors = 0;
  return {
    findings,
    counts,
    errors: () => errors,
    add(finding) {
      const count = (counts[finding.rule] ?? 0) + 1;
      counts[finding.rule] = count;
      if (finding.severity === "error") errors += 1;
      if (count <= keptPerRule) findings.push(finding);
    },
  };
}
