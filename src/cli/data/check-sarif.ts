// The findings as SARIF 2.1.0 (OASIS), for code scanning of GitHub, GitLab, Azure and editors.
import type { Finding, Severity } from "../../dataset/canonical.js";
import { type RuleId, ruleIds, rules } from "../../dataset/rules.js";

const levels = { error: "error", warning: "warning", info: "note" } as const satisfies Record<Severity, string>;

export function checkSarif(findings: readonly Finding[], version: string): object {
  return {
    $schema: "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json",
    version: "2.1.0",
    runs: [
      {
        tool: { driver: { name: "ft data check", semanticVersion: version, rules: ruleIds.map(sarifRule) } },
        columnKind: "utf16CodeUnits",
        results: findings.map(sarifResult),
      },
    ],
  };
}

function sarifRule(id: RuleId): object {
  const { title, why, fix, severity } = rules[id];
  return {
    id,
    shortDescription: { text: title },
    fullDescription: { text: why },
    help: { text: `${why}\nFix: ${fix}` },
    defaultConfiguration: { level: levels[severity] },
  };
}

function sarifResult({ rule, severity, file, line, message, fix, fingerprint }: Finding): object {
  return {
    ruleId: rule,
    ruleIndex: ruleIds.indexOf(rule as RuleId),
    level: levels[severity],
    message: { text: fix === undefined ? message : `${message}\nFix: ${fix}` },
    locations: [
      {
        physicalLocation: {
          artifactLocation: { uri: file.split("/").map(encodeURIComponent).join("/") },
          region: { startLine: line },
        },
      },
    ],
    partialFingerprints: { "rowContent/v1": fingerprint },
  };
}
