// Text for people and reports: personal data and secrets in it masked.
import { type Detected, personalData } from "./personal-data.js";
import { scanText } from "./scan-text.js";
import { secretsIn } from "./secrets.js";

export function maskText(text: string): string {
  return replaceDetected(text, ({ shown }) => shown);
}

/** @param by what stands in the place of each piece */
export function replaceDetected(text: string, by: (piece: Detected) => string): string {
  const found = detectedIn(text).sort((a, b) => a.start - b.start);
  let result = "";
  let end = 0;
  for (const piece of found) {
    if (piece.start < end) continue;
    result += text.slice(end, piece.start) + by(piece);
    end = piece.end;
  }
  return result + text.slice(end);
}

/** In no particular order; pieces of different rules may overlap. */
export function detectedIn(text: string): Detected[] {
  const bits = scanText(text);
  return [...personalData(text, bits), ...secretsIn(text, bits)];
}
