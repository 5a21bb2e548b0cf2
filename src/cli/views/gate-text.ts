// What `ft gate` prints: the verdict, the reasons in words, and a table of what was compared.
import wrapAnsi from "wrap-ansi";
import type { Check } from "../../eval/gate/check.js";
import { count, percentText, sizeText, valueText } from "../../eval/gate/words.js";
import type { Verdict } from "../../eval/gate.js";
import type { GateRule } from "../../recipes/schema/gate.js";
import { visibleText } from "../../report/visible.js";
import { cut } from "./format.js";
import type { Paint, Style } from "./paint.js";
import { plainTable } from "./plain-table.js";

interface Options {
  labels: { candidate: string; champion: string | null };
  rule: GateRule;
  width: number;
  paint: Paint;
}

const colours: Record<Verdict["verdict"], Style> = { promote: "green", keep: "yellow", hold: "yellow" };

/** Ends with a newline. */
export function gateText({ verdict, reasons, checks }: Verdict, { labels, rule, width, paint }: Options): string {
  const head = visibleText(headline(verdict, labels));
  const lines = [paint(["bold", colours[verdict]].flat() as Style, verdict) + head.slice(verdict.length)];
  for (const reason of reasons) lines.push(...bullet(visibleText(reason), width));
  for (const against of ["champion", "anchor", "floor"] as const) {
    const some = checks.filter((check) => check.against === against);
    if (some.length > 0) lines.push("", ...table(some, against, rule));
  }
  if (checks.some(({ bound }) => bound !== null))
    lines.push(
      "",
      ...wrap(
        `at worst: with ${percentText(rule.confidence)} confidence the true difference is not worse than this, if the items are a fair sample.`,
        width,
      ),
    );
  return `${lines.join("\n")}\n`;
}

function headline(verdict: Verdict["verdict"], { candidate, champion }: Options["labels"]): string {
  if (verdict === "promote") return `promote: ${candidate} may ${champion ? `replace ${champion}` : "be the champion"}`;
  if (verdict === "hold") return `hold: ${candidate} is not promoted; a person has to look`;
  return champion ? `keep: ${champion} stays` : `keep: ${candidate} is not promoted`;
}

function table(checks: readonly Check[], against: Check["against"], rule: GateRule): string[] {
  const hasPrimary = rule.primary !== "all" && checks.some(({ role }) => role === "primary");
  const order: Check["role"][] = ["primary", "guard", "floor"];
  const sorted = [...checks].sort((a, b) => order.indexOf(a.role) - order.indexOf(b.role));
  const lines = plainTable(
    [
      { head: "" },
      { head: "metric" },
      { head: against, align: "right" },
      { head: "candidate", align: "right" },
      { head: "difference", align: "right" },
      ...(against === "floor"
        ? []
        : ([
            { head: "at worst", align: "right" },
            { head: "allowed", align: "right" },
          ] as const)),
      { head: "n", align: "right" },
    ],
    sorted.map((check) => [
      check.passed ? "ok" : "no",
      cut(visibleText(`${check.name}${hasPrimary && check.role === "primary" ? " *" : ""}`), 18),
      ...checkFigures(check),
    ]),
  );
  return hasPrimary ? [...lines, "* the primary metric"] : lines;
}

/** Theirs, ours, the difference, what it may be at worst, what is allowed (a floor has neither of these two), and the items. */
export function checkFigures(check: Check): string[] {
  const { against, reference, candidate, difference, bound, margin, better, n } = check;
  return [
    mean(reference, check),
    mean(candidate, check),
    Number.isFinite(difference) ? signed(difference, check) : "?",
    ...(against === "floor"
      ? []
      : [bound === null ? "?" : signed(bound, check), signed(better === "higher" ? -margin : margin, check)]),
    count(n),
  ];
}

/** `?`: some scores are no numbers. */
function mean(value: number, { unit }: Check): string {
  return Number.isFinite(value) ? valueText(value, unit) : "?";
}

/** "−2.4 pts", "+1.1 %", "−0.12". */
function signed(value: number, check: Check): string {
  const size = sizeText(value, check).replace(/ points$/, " pts");
  return /^[0.]+( |$)/.test(size) ? size : `${value < 0 ? "−" : "+"}${size}`;
}

function bullet(text: string, width: number): string[] {
  return wrap(text, width - 2).map((line, index) => `${index === 0 ? "- " : "  "}${line}`);
}

function wrap(text: string, width: number): string[] {
  return wrapAnsi(text, Math.max(20, width)).split("\n");
}
