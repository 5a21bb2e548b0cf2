// What a person probably meant: one rule for every "did you mean".
import { distance } from "fastest-levenshtein";

/** A name that begins so, else the one that looks most alike; null when none is near. */
export function nearest(word: string, names: readonly string[]): string | null {
  const typed = word.toLowerCase();
  const longer = typed.length > 2 && names.find((name) => name.toLowerCase().startsWith(typed));
  if (longer) return longer;
  const ranked = names.map((name) => ({ name, edits: distance(typed, name.toLowerCase()) }));
  const best = ranked.toSorted((a, b) => a.edits - b.edits)[0];
  return best && best.edits <= Math.ceil(typed.length / 3) ? best.name : null;
}
