// Numbers as printf and format specs write them.
import { Unsupported } from "./errors.js";
import { roundDecimal } from "./numbers.js";

/** Digits without sign. `precision` as in C; ties go to even, as Python rounds the exact binary value. */
export function formatFloat(value: number, type: "e" | "f" | "g", precision: number, keepZeros: boolean): string {
  if (Number.isNaN(value)) return "nan";
  const size = Math.abs(value);
  if (size === Number.POSITIVE_INFINITY) return "inf";
  if (precision > 100) throw new Unsupported("a float with more than 100 decimals");
  if (type === "f") return fixed(size, precision);
  if (type === "e") return exponential(size, precision);
  const significant = precision || 1;
  const exponent = Number(exponential(size, significant - 1).split("e")[1]);
  const text =
    exponent < -4 || exponent >= significant
      ? exponential(size, significant - 1)
      : fixed(size, significant - 1 - exponent);
  return keepZeros ? text : text.replace(/(\.\d*?)0+(?=e|$)/, "$1").replace(/\.(?=e|$)/, "");
}

function fixed(size: number, precision: number): string {
  if (size >= 1e21) return BigInt(size).toString() + (precision > 0 ? `.${"0".repeat(precision)}` : "");
  return roundDecimal(size.toFixed(100), precision);
}

function exponential(size: number, precision: number): string {
  const [mantissa, power] = size.toExponential(100).split("e") as [string, string];
  let exponent = Number(power);
  let rounded = roundDecimal(mantissa, precision);
  if (rounded.startsWith("10")) {
    exponent += 1;
    rounded = precision === 0 ? "1" : `1.${"0".repeat(precision)}`;
  }
  return `${rounded}e${exponent < 0 ? "-" : "+"}${String(Math.abs(exponent)).padStart(2, "0")}`;
}

/** Commas or underscores between groups of three. */
export function group(digits: string, separator: string): string {
  const [whole = "", ...rest] = digits.split(/(?=[.e])/);
  return whole.replace(/\B(?=(\d{3})+$)/g, separator) + rest.join("");
}
