// What `ft ci` shows of a night: what came of it, the gate's checks, what changed in the data, what one should know.
import type { Check } from "../../eval/gate/check.js";
import { percentText, valueText } from "../../eval/gate/words.js";
import type { Night, NightOutcome } from "../../pipeline/ci/night.js";
import type { Block, Level, Note, Report } from "../../report/block.js";
import { number } from "../../report/number.js";
import { diffSummary, driftTable, rowBars } from "./data-diff.js";
import { failureLines } from "./failure-lines.js";
import { checkFigures } from "./gate-text.js";

const levels: Record<NightOutcome, Level | undefined> = {
  unchanged: undefined,
  promoted: "good",
  kept: "warning",
  held: "warning",
  failed: "bad",
};

export function nightReport(night: Night): Report {
  const { name, outcome, summary, decision, data } = night;
  const blocks: (Block | null)[] = [
    overview(night),
    ...(decision ? (decision.checks.length > 0 ? checksTables(decision) : [measuredTable(decision)]) : []),
    data && rowsBlock(data),
    data && driftTable(data.diff),
  ];
  return { title: `ft ci ${name}: ${outcome}`, subtitle: summary, blocks: blocks.filter((block) => block !== null) };
}

function rowsBlock({ before, diff }: NonNullable<Night["data"]>): Block {
  const bars = rowBars(diff);
  return {
    ...bars,
    title: `training rows against those of ${before}`,
    notes: [{ text: diffSummary(diff) }, ...(bars.notes ?? [])],
  };
}

function overview(night: Night): Block {
  const { adapter, championBefore, champion, run, trained, rows, hub, steps, outcome } = night;
  const known = {
    candidate: adapter,
    champion:
      outcome === "failed" && champion === null
        ? null
        : champion === championBefore
          ? (champion ?? "none")
          : `${champion} (before: ${championBefore ?? "none"})`,
    run: run && `${run}${trained ? "" : " (was there)"}`,
    rows: rows === null ? null : number(rows),
    hub: hub?.url ?? null,
    took: `${duration(night.endedAt - night.startedAt)}${steps.length > 0 ? `: ${steps.map(stepText).join(", ")}` : ""}`,
  };
  const facts = Object.entries(known).flatMap(([name, value]) => (value === null ? [] : [{ name, value }]));
  // The message itself stands above.
  const failure = outcome === "failed" ? failureLines(night.failure).slice(1) : [];
  const notes: Note[] = [
    ...failure.map((text): Note => ({ text, level: "bad" })),
    ...night.notices.map((text) => ({ text })),
  ];
  const level = levels[outcome];
  return { kind: "facts", title: outcome, ...(level && { level }), facts, notes };
}

/** Nothing stands against the candidate, or cannot be compared with it. */
function measuredTable({ verdict, reasons, measured, labels }: NonNullable<Night["decision"]>): Block {
  return {
    kind: "table",
    title: `gate: ${verdict}`,
    level: verdict === "promote" ? "good" : "warning",
    columns: [{ head: "metric" }, { head: labels.candidate, align: "right" }, { head: "n", align: "right" }],
    rows: measured.map(({ name, role, unit, mean, n }) => ({
      cells: [nameOf({ name, role }), valueText(mean, unit), number(n)],
    })),
    notes: [
      { text: "* held to the margin from now on; the others are guards" },
      ...reasons.map((text): Note => ({ text, ...(verdict === "promote" ? {} : { level: "warning" }) })),
    ],
  };
}

/** One for the champion, one for the anchor, one for floors; the reasons stand below the last. */
function checksTables({ verdict, reasons, checks, rule }: NonNullable<Night["decision"]>): Block[] {
  const right = (head: string) => ({ head, align: "right" as const });
  const sides = (["champion", "anchor", "floor"] as const).filter((side) => checks.some((one) => one.against === side));
  const notes: Note[] = [
    ...(checks.some(({ role }) => role === "primary") ? [{ text: "* held to the margin; the others are guards" }] : []),
    ...reasons.map((text): Note => ({ text, ...(verdict === "promote" ? {} : { level: "warning" }) })),
    ...(checks.some(({ bound }) => bound !== null)
      ? [
          {
            text: `at worst: with ${percentText(rule.confidence)} confidence the true difference is not worse than this`,
          },
        ]
      : []),
  ];
  return sides.map((side, index) => ({
    kind: "table",
    title: index === 0 ? `gate: ${verdict}` : `gate: ${side === "floor" ? "floors" : `against the ${side}`}`,
    level: verdict === "promote" ? "good" : "warning",
    columns: [
      ...[{ head: "" }, { head: "metric" }, right(side), right("candidate"), right("difference")],
      ...(side === "floor" ? [] : [right("at worst"), right("allowed")]),
      right("n"),
    ],
    rows: checks
      .filter(({ against }) => against === side)
      .map((check) => ({
        cells: [check.passed ? "ok" : "no", nameOf(check), ...checkFigures(check)],
        ...(check.passed ? {} : { level: "bad" as const }),
      })),
    ...(index === sides.length - 1 ? { notes } : {}),
  }));
}

function nameOf({ name, role }: Pick<Check, "name" | "role">): string {
  return role === "primary" ? `${name} *` : name;
}

function stepText({ name, seconds }: Night["steps"][number]): string {
  return `${name} ${duration(seconds * 1000)}`;
}

function duration(ms: number): string {
  const seconds = Math.round(ms / 1000);
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  return minutes < 60 ? `${minutes} min ${seconds % 60} s` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
