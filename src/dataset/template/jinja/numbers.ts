// Python's int and float: exact whole numbers of any size, floats that stay floats, repr, rounding.
import { Float } from "../../json/json.js";
import { PyError, TooCostly, typeError, Unsupported, valueError } from "./errors.js";
import type { Value } from "./values.js";

/** Decimal digits beyond which Python does not print an int. */
const maxDigits = 4300;
/** Bits beyond which a template's arithmetic is stopped. */
const maxBits = 1_000_000;

export type PyNumber = number | bigint | boolean | Float;

export function isNumber(value: Value): value is PyNumber {
  return typeof value === "number" || typeof value === "boolean" || typeof value === "bigint" || value instanceof Float;
}

export function isFloat(value: Value): value is number | Float {
  return value instanceof Float || (typeof value === "number" && !Number.isInteger(value));
}

/** int, bool among them. */
export function isInt(value: Value): value is number | bigint | boolean {
  return isNumber(value) && !isFloat(value);
}

export function floatOf(value: number): number | Float {
  return Number.isInteger(value) ? new Float(value, floatRepr(value)) : value;
}

/** An int that is a number where it is exact as one. */
export function parseInteger(value: bigint): number | bigint {
  return value >= -9007199254740991n && value <= 9007199254740991n ? Number(value) : value;
}

export function toDouble(value: PyNumber): number {
  if (value instanceof Float) return value.value;
  if (typeof value !== "bigint") return Number(value);
  const double = Number(value);
  if (!Number.isFinite(double)) throw new PyError("OverflowError", "int too large to convert to float");
  return double;
}

function toBig(value: number | bigint | boolean): bigint {
  return BigInt(value);
}

/** Of an index or count: Python takes ints and bools. Clipped to the safe range, which is beyond any length. */
export function toIndex(value: Value, complaint = "integer argument expected"): number {
  if (typeof value === "number" && Number.isInteger(value)) return value;
  if (typeof value === "boolean") return Number(value);
  if (typeof value === "bigint") return value > 0 ? Number.MAX_SAFE_INTEGER : Number.MIN_SAFE_INTEGER;
  throw typeError(complaint);
}

/** Python's repr of a float: the shortest digits that read back, exponents from 1e16 and below 1e-4. */
function floatRepr(value: number): string {
  if (Number.isNaN(value)) return "nan";
  if (!Number.isFinite(value)) return value > 0 ? "inf" : "-inf";
  if (value === 0) return Object.is(value, -0) ? "-0.0" : "0.0";
  const [mantissa, power] = value.toExponential().split("e") as [string, string];
  const exponent = Number(power);
  if (exponent < -4 || exponent >= 16) {
    return `${mantissa}e${exponent < 0 ? "-" : "+"}${String(Math.abs(exponent)).padStart(2, "0")}`;
  }
  const plain =
    exponent < 0 ? value.toFixed(Math.max(0, mantissa.replace(/[-.]/g, "").length - 1 - exponent)) : `${value}`;
  return plain.includes(".") ? plain : `${plain}.0`;
}

export function numberRepr(value: PyNumber): string {
  if (value === true) return "True";
  if (value === false) return "False";
  if (value instanceof Float) return floatRepr(value.value);
  if (typeof value === "number") return Number.isInteger(value) ? String(value) : floatRepr(value);
  const text = String(value);
  if (text.length - (value < 0n ? 1 : 0) > maxDigits) {
    throw valueError(`Exceeds the limit (${maxDigits} digits) for integer string conversion`);
  }
  return text;
}

export type Arithmetic = "+" | "-" | "*" | "/" | "//" | "%" | "**";

export function arithmetic(operator: Arithmetic, left: PyNumber, right: PyNumber): Value {
  if (operator === "/") return divide(left, right);
  if (isFloat(left) || isFloat(right)) return floatArithmetic(operator, toDouble(left), toDouble(right));
  if (operator === "**") return power(left, right);
  if (typeof left !== "bigint" && typeof right !== "bigint") {
    const exact = smallArithmetic(operator, Number(left), Number(right));
    if (Number.isSafeInteger(exact)) return exact === 0 ? 0 : exact;
  }
  return bigArithmetic(operator, toBig(left), toBig(right));
}

function smallArithmetic(operator: "+" | "-" | "*" | "//" | "%", left: number, right: number): number {
  switch (operator) {
    case "+":
      return left + right;
    case "-":
      return left - right;
    case "*":
      return left * right;
    case "//":
    case "%": {
      if (right === 0)
        throw zeroDivision(operator === "//" ? "integer division or modulo by zero" : "integer modulo by zero");
      const rest = left % right;
      const modulo = rest !== 0 && rest < 0 !== right < 0 ? rest + right : rest;
      return operator === "%" ? modulo : (left - modulo) / right;
    }
  }
}

function bigArithmetic(operator: "+" | "-" | "*" | "//" | "%", left: bigint, right: bigint): number | bigint {
  switch (operator) {
    case "+":
      return parseInteger(left + right);
    case "-":
      return parseInteger(left - right);
    case "*":
      if (bits(left) + bits(right) > maxBits) throw new TooCostly("an integer of a million bits");
      return parseInteger(left * right);
    default: {
      if (right === 0n) throw zeroDivision("integer division or modulo by zero");
      const rest = left % right;
      const modulo = rest !== 0n && rest < 0n !== right < 0n ? rest + right : rest;
      return parseInteger(operator === "%" ? modulo : (left - modulo) / right);
    }
  }
}

function bits(value: bigint): number {
  return value.toString(16).length * 4;
}

function divide(left: PyNumber, right: PyNumber): Value {
  if (typeof left === "bigint" || typeof right === "bigint") {
    if (isFloat(left) || isFloat(right)) return floatDivide(toDouble(left), toDouble(right));
    return floatOf(bigDivide(toBig(left), toBig(right as number | bigint | boolean)));
  }
  return floatDivide(toDouble(left), toDouble(right));
}

function floatDivide(left: number, right: number): Value {
  if (right === 0) throw zeroDivision("division by zero");
  return floatOf(left / right);
}

/** Rounded once: 55 or more bits of quotient, with a sticky bit for the rest. */
function bigDivide(left: bigint, right: bigint): number {
  if (right === 0n) throw zeroDivision("division by zero");
  const negative = left < 0n !== right < 0n;
  const over = left < 0n ? -left : left;
  const under = right < 0n ? -right : right;
  const shift = BigInt(Math.max(0, 64 + bits(under) - bits(over)));
  const scaled = over << shift;
  const quotient = (scaled / under) * 2n + (scaled % under === 0n ? 0n : 1n);
  const value = Number(quotient) / 2 ** (Number(shift) + 1);
  if (!Number.isFinite(value)) throw new PyError("OverflowError", "integer division result too large for a float");
  return negative ? -value : value;
}

function floatArithmetic(operator: Exclude<Arithmetic, "/">, left: number, right: number): Value {
  switch (operator) {
    case "+":
      return floatOf(left + right);
    case "-":
      return floatOf(left - right);
    case "*":
      return floatOf(left * right);
    case "**":
      return floatPower(left, right);
    default: {
      if (right === 0) throw zeroDivision(operator === "//" ? "float floor division by zero" : "float modulo");
      return floatOf(operator === "%" ? floatModulo(left, right) : floatFloorDivide(left, right));
    }
  }
}

function floatModulo(left: number, right: number): number {
  const rest = left % right;
  if (rest === 0) return right < 0 ? -0 : 0;
  return rest < 0 !== right < 0 ? rest + right : rest;
}

/** As CPython's float_floor_div. */
function floatFloorDivide(left: number, right: number): number {
  const rest = left % right;
  const quotient = (left - rest) / right - (rest !== 0 && rest < 0 !== right < 0 ? 1 : 0);
  if (quotient === 0) return left / right < 0 || Object.is(left / right, -0) ? -0 : 0;
  const floor = Math.floor(quotient);
  return quotient - floor > 0.5 ? floor + 1 : floor;
}

function floatPower(left: number, right: number): Value {
  if (left === 0 && right < 0) throw zeroDivision("0.0 cannot be raised to a negative power");
  if (left === 1 || right === 0) return floatOf(1);
  const value = left ** right;
  if (Number.isNaN(value) && !Number.isNaN(left) && !Number.isNaN(right)) {
    throw new Unsupported("complex numbers");
  }
  if (!Number.isFinite(value) && Number.isFinite(left) && Number.isFinite(right)) {
    throw new PyError("OverflowError", "(34, 'Numerical result out of range')");
  }
  return floatOf(value);
}

function power(left: number | bigint | boolean, right: number | bigint | boolean): Value {
  const exponent = toBig(right);
  if (exponent < 0n) return floatPower(toDouble(left), toDouble(right));
  const base = toBig(left);
  if (base !== 0n && base !== 1n && base !== -1n && BigInt(bits(base)) * exponent > BigInt(maxBits)) {
    throw new TooCostly("an integer of a million bits");
  }
  return parseInteger(base ** exponent);
}

export function negate(value: PyNumber): Value {
  if (isFloat(value)) return floatOf(-toDouble(value));
  return parseInteger(-toBig(value));
}

/** -1, 0, 1; NaN where one is not a number. Exact between ints and floats, as Python compares. */
export function compareNumbers(left: PyNumber, right: PyNumber): number {
  const [a, b] = [left, right].map((each) => (typeof each === "bigint" ? each : toDouble(each))) as [number, number];
  return a < b ? -1 : a > b ? 1 : a <= b ? 0 : Number.NaN;
}

/** round(value, digits) of Python: ties to even, decided on the exact binary value. */
export function roundHalfEven(value: PyNumber, digits: number): Value {
  if (!isFloat(value)) return digits >= 0 ? parseInteger(toBig(value)) : roundInteger(toBig(value), -digits);
  const double = toDouble(value);
  if (!Number.isFinite(double) || digits > 300) return floatOf(double);
  if (digits < 0) {
    if (digits < -308) return floatOf(double < 0 ? -0 : 0);
    const rounded = Number(roundDecimal(exactDecimal(Math.abs(double)), digits));
    return floatOf(double < 0 ? -rounded : rounded);
  }
  if (digits > 22 || Math.abs(double) >= 2 ** 53) return floatOf(double);
  const rounded = Number(roundDecimal(exactDecimal(Math.abs(double)), digits));
  return floatOf(double < 0 || Object.is(double, -0) ? -rounded : rounded);
}

/** A positive double with up to 100 decimals: enough to tell a tie within 22 digits from what is near one. */
function exactDecimal(value: number): string {
  return value >= 1e21 ? String(BigInt(value)) : value.toFixed(100);
}

/** Rounds decimal text half to even at a digit; negative digits round left of the point. */
export function roundDecimal(text: string, digits: number): string {
  const [whole, fraction = ""] = text.split(".") as [string, string?];
  const all = whole + fraction;
  const keep = Math.max(0, whole.length + digits);
  const kept = BigInt(all.slice(0, keep) || "0");
  const rest = all.slice(keep).padEnd(1, "0");
  const first = Number(whole.length + digits < 0 ? 0 : rest[0]);
  const isTie = first === 5 && /^50*$/.test(rest);
  const up = isTie ? kept % 2n === 1n : first >= 5;
  const units = String(up ? kept + 1n : kept);
  if (digits <= 0) return units + "0".repeat(-digits);
  const padded = units.padStart(digits + 1, "0");
  return `${padded.slice(0, -digits)}.${padded.slice(-digits)}`;
}

function roundInteger(value: bigint, places: number): number | bigint {
  if (places > 400) return 0;
  const unit = 10n ** BigInt(places);
  const magnitude = value < 0n ? -value : value;
  const rest = magnitude % unit;
  const down = magnitude - rest;
  const up = rest * 2n > unit || (rest * 2n === unit && (down / unit) % 2n === 1n);
  const rounded = up ? down + unit : down;
  return parseInteger(value < 0n ? -rounded : rounded);
}

const floatPattern =
  /^[+-]?(?:(?:\d+(?:_\d+)*)?\.?(?:(?<=\.)\d+(?:_\d+)*|(?<=\d)\.?)?(?:e[+-]?\d+(?:_\d+)*)?|inf(?:inity)?|nan)$/i;

/** float(text), or null where Python raises ValueError. */
export function parseFloatText(text: string): number | null {
  if (!floatPattern.test(text) || !/\d|inf|nan/i.test(text)) return null;
  const plain = text.replaceAll("_", "").toLowerCase();
  if (plain.includes("inf")) return plain.startsWith("-") ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  return plain.includes("nan") ? Number.NaN : Number(plain);
}

const prefixes: Record<string, number> = { "0x": 16, "0o": 8, "0b": 2 };

/** int(text, base), or null where Python raises ValueError. */
export function parseIntText(text: string, base: number): number | bigint | null {
  if (base !== 0 && (base < 2 || base > 36)) throw valueError("int() base must be >= 2 and <= 36, or 0");
  const match = /^([+-]?)(0[xob](?=_?[\da-z]))?_?([\da-z]+(?:_[\da-z]+)*)$/i.exec(text);
  if (!match) return null;
  const [, sign, prefix, digits] = match as unknown as [string, string, string | undefined, string];
  const prefixBase = prefix && prefixes[prefix.toLowerCase()];
  let body = digits;
  let radix = base;
  if (prefixBase && (base === 0 || base === prefixBase)) radix = prefixBase;
  else if (prefix) body = prefix + digits;
  else if (base === 0) {
    if (/^0[\d_]*[1-9]/.test(digits)) return null;
    radix = 10;
  }
  if (!prefix && /^[+-]?_/.test(text)) return null;
  let value = 0n;
  for (const digit of body.replaceAll("_", "").toLowerCase()) {
    const worth = Number.parseInt(digit, 36);
    if (Number.isNaN(worth) || worth >= radix) return null;
    value = value * BigInt(radix) + BigInt(worth);
  }
  if (radix === 10 && body.length > maxDigits) throw valueError("Exceeds the limit for integer string conversion");
  return parseInteger(sign === "-" ? -value : value);
}

function zeroDivision(message: string): PyError {
  return new PyError("ZeroDivisionError", message);
}
