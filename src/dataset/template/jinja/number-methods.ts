// The attributes and methods of Python's int, bool and float.
import { Unsupported } from "./errors.js";
import { floatOf, isFloat, isInt, type PyNumber, toDouble } from "./numbers.js";
import { Callable, type Value } from "./values.js";

const unsupported = new Set(["as_integer_ratio", "bit_count", "from_bytes", "fromhex", "hex", "to_bytes"]);

/** `undefined`: AttributeError. */
export function numberAttribute(value: PyNumber, name: string): Value | undefined {
  const plain = typeof value === "boolean" ? Number(value) : value;
  const method = (result: () => Value) => new Callable(name, result);
  switch (name) {
    case "real":
      return plain;
    case "imag":
      return isFloat(value) ? floatOf(0) : 0;
    case "conjugate":
      return method(() => plain);
    case "numerator":
      return isInt(value) ? plain : undefined;
    case "denominator":
      return isInt(value) ? 1 : undefined;
    case "bit_length":
      return isInt(value) ? method(() => bitLength(BigInt(value))) : undefined;
    case "is_integer":
      return isFloat(value) ? method(() => Number.isInteger(toDouble(value))) : undefined;
  }
  if (unsupported.has(name)) throw new Unsupported(`${name} of a number`);
  return undefined;
}

function bitLength(value: bigint): number {
  return value === 0n ? 0 : (value < 0n ? -value : value).toString(2).length;
}
