// Values as Python literals, so that what a recipe holds never becomes code.

/** Source text that is put in as it is: an expression of ft's own. */
export class Expression {
  constructor(readonly source: string) {}
}

/** JSON's strings are Python's, but for words and nesting. Throws for what neither has (NaN). */
export function pythonLiteral(value: unknown, indent = ""): string {
  if (value instanceof Expression) return value.source;
  if (value === null || value === undefined) return "None";
  if (typeof value === "boolean") return value ? "True" : "False";
  if (typeof value === "number") return pythonNumber(value);
  if (typeof value === "string") return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map((item) => pythonLiteral(item, indent)).join(", ")}]`;
  const inner = `${indent}    `;
  const lines = Object.entries(value).map(
    ([key, item]) => `${inner}${JSON.stringify(key)}: ${pythonLiteral(item, inner)},\n`,
  );
  return lines.length === 0 ? "{}" : `{\n${lines.join("")}${indent}}`;
}

function pythonNumber(value: number): string {
  if (!Number.isFinite(value)) throw new Error(`${value} is no number that a config can hold`);
  return value !== 0 && Math.abs(value) < 1e-3 ? value.toExponential() : String(value);
}
