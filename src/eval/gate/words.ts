// The gate's reasons, for people who needn't know statistics.
import type { GateRule } from "../../recipes/schema/gate.js";
import type { Check } from "./check.js";

export function reasonOf(check: Check, { confidence }: GateRule): string {
  const { name, role, against, candidate, reference, n, unit, passed, bound, margin } = check;
  const values = `${name} is ${valueText(candidate, unit)}`;
  if (role === "floor")
    return `${values}; ${check.better === "higher" ? "at least" : "at most"} ${valueText(reference, unit)} is required`;
  const compared = `${values} against the ${against}'s ${valueText(reference, unit)} on ${count(n)} items`;
  if (bound === null) return `${compared}: how sure that is can't be told`;
  const sign = check.better === "higher" ? 1 : -1;
  const allowed = `(allowed: ${margin === 0 ? "nothing" : sizeText(margin, check)})`;
  if (sign * bound > 0)
    return `${compared}: better by ${sizeText(bound, check)} at least, with ${percentText(confidence)} confidence`;
  const worst = `${sizeText(bound, check)} ${sign === 1 ? "lower" : "higher"}`;
  const atWorst = `at worst ${worst}, with ${percentText(confidence)} confidence ${allowed}`;
  if (passed) return `${compared}: ${atWorst}`;
  if (sign * check.difference < -margin) return `${compared}: worse by ${sizeText(check.difference, check)} ${allowed}`;
  const more = check.itemsNeeded !== null && check.itemsNeeded > n;
  const items = more
    ? `. So few items can't tell: with some ${count(check.itemsNeeded!)} a candidate just as good would pass 4 times in 5`
    : "";
  return `${compared}: ${atWorst}${items}`;
}

/** A value of the metric. */
export function valueText(value: number, unit: Check["unit"]): string {
  return unit === "share" ? percentText(value) : number(value);
}

/** The size of a difference without its sign: points, per cent of the other's value, or the metric's own unit. */
export function sizeText(difference: number, check: Pick<Check, "unit" | "relativeMargin" | "reference">): string {
  const size = Math.abs(difference);
  if (check.relativeMargin !== null && check.reference !== 0)
    return `${short((100 * size) / Math.abs(check.reference))} %`;
  if (check.unit === "share") return `${short(100 * size)} points`;
  return number(size);
}

export function percentText(value: number): string {
  const percent = (100 * value).toFixed(1);
  return `${percent.endsWith(".0") ? percent.slice(0, -2) : percent} %`;
}

export function count(n: number): string {
  return n.toLocaleString("en");
}

/** One decimal; small ones keep a digit that says something. */
function short(value: number): string {
  if (value === 0) return "0";
  return value >= 0.05 ? value.toFixed(1) : value.toPrecision(1);
}

function number(value: number): string {
  const size = Math.abs(value);
  if (size !== 0 && (size >= 100_000 || size < 0.0001)) return value.toExponential(2);
  return value.toFixed(size < 10 ? 3 : size < 100 ? 2 : 1);
}
