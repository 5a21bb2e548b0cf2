// Collects findings with bounded memory: counts all, keeps the first ones of each rule; a level may silence a rule, a baseline a finding.
import type { Finding } from "./canonical.js";
import type { RuleLevels } from "./rules/settings.js";

export interface FindingCollector {
  add(finding: Finding): void;
  /** Kept ones, in the order found. */
  findings: Finding[];
  /** All, by rule, kept or not. */
  counts: Record<string, number>;
  /** Of the baseline; not among the others. */
  known(): number;
  errors(): number;
}

/** How often a baseline has a finding, by fingerprint. */
export type KnownFindings = ReadonlyMap<string, number>;

/** Findings kept of each rule; the rest is only counted. */
const usuallyKept = 10_000;

export function collectFindings({
  levels,
  known = new Map(),
  keptPerRule = usuallyKept,
}: {
  levels: RuleLevels;
  known?: KnownFindings | undefined;
  keptPerRule?: number | undefined;
}): FindingCollector {
  const findings: Finding[] = [];
  const counts: Record<string, number> = {};
  const left = new Map(known);
  let errors = 0;
  let knownCount = 0;
  return {
    findings,
    counts,
    known: () => knownCount,
    errors: () => errors,
    add(found) {
      const level = levels(found.rule);
      if (level === "off") return;
      const finding = level ? { ...found, severity: level } : found;
      const allowance = left.get(finding.fingerprint) ?? 0;
      if (allowance > 0) {
        left.set(finding.fingerprint, allowance - 1);
        knownCount += 1;
        return;
      }
      const count = (counts[finding.rule] ?? 0) + 1;
      counts[finding.rule] = count;
      if (finding.severity === "error") errors += 1;
      if (count <= keptPerRule) findings.push(finding);
    },
  };
}
