// Figures of metrics as tables print them: levels, and signed differences.

export type Format = "number" | "percent";

/** "51.0 %", "0.068". */
export function level(value: number, format: Format): string {
  if (format === "percent") return `${(value * 100).toFixed(1)} %`;
  return value < 0 ? signed(value, format) : number(value);
}

/** A minus as wide as the plus; a zero without sign. */
export function signed(value: number, format: Format): string {
  const size = Math.abs(value);
  const text = format === "percent" && Number.isFinite(size) ? (size * 100).toFixed(1) : number(size);
  if (/^[0.]+$/.test(text)) return text;
  return `${value < 0 ? "−" : "+"}${text}`;
}

/** Four digits or so; a diverged model's perplexity can be astronomic. */
function number(value: number): string {
  if (!Number.isFinite(value)) return "∞";
  if (value >= 10_000) return value.toExponential(1);
  return value.toFixed(value < 10 ? 3 : value < 100 ? 2 : 1);
}

/** "+2.0 pts", "−0.012". */
export function difference(value: number, format: Format): string {
  return `${signed(value, format)}${format === "percent" ? " pts" : ""}`;
}

/** "−0.8 to +4.9". */
export function interval({ low, high }: { low: number; high: number }, format: Format): string {
  return `${signed(low, format)} to ${signed(high, format)}`;
}
