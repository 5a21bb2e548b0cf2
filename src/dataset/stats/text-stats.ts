// Which scripts and languages the rows are written in.
import type { CanonicalRow } from "../canonical.js";
import { evenSample } from "./even-sample.js";
import { textsOf } from "./row-parts.js";
import { countScripts } from "./unicode-scripts.js";
import { type Tally, valueCounts } from "./value-counts.js";

/** ISO 639-1 of a text, or null when it cannot be told reliably. */
export type DetectLanguage = (text: string) => string | null;

/** Rows whose language is looked at; of larger data an even sample of at least half of this. */
const sampledRows = 4096;
/** Enough for a language to show; detection costs by length. */
const sampledChars = 300;

export function textStats(detectLanguage: DetectLanguage) {
  const letters = new Map<string, number>();
  const mainScript = valueCounts(64);
  const sample = evenSample<string>(sampledRows);
  return {
    mainScript,
    /** Of the sampled rows; "unknown" where it cannot be told. */
    languages() {
      const languages = valueCounts(256);
      for (const language of sample.kept) languages.add(language);
      return languages;
    },
    add(row: CanonicalRow): void {
      const texts = textsOf(row);
      const inRow = new Map<string, number>();
      for (const text of texts) countScripts(text, inRow);
      for (const [script, count] of inRow) letters.set(script, (letters.get(script) ?? 0) + count);
      mainScript.add(largest(inRow) ?? "none");
      if (!sample.next()) return;
      sample.keep(detectLanguage(excerpt(texts)) ?? "unknown");
    },
    result() {
      const total = [...letters.values()].reduce((sum, count) => sum + count, 0);
      return {
        /** Letters by Unicode script, with the rows that have most of their letters in it. */
        scripts: [...letters]
          .sort(([, a], [, b]) => b - a)
          .map(([script, count]) => ({
            script,
            letters: count,
            share: count / total,
            rows: mainScript.top().find(({ value }) => value === script)?.count ?? 0,
          })),
        languages: { sampled: sample.kept.length, oneOf: sample.oneOf, top: this.languages().top(12) as Tally[] },
      };
    },
  };
}

function largest(counts: Map<string, number>): string | null {
  let best: [string, number] | null = null;
  for (const entry of counts) if (!best || entry[1] > best[1]) best = entry;
  return best?.[0] ?? null;
}

/** The longest text of a row: the one that says most about its language. */
function excerpt(texts: string[]): string {
  const longest = texts.reduce((best, text) => (text.length > best.length ? text : best), "");
  return longest.slice(0, sampledChars);
}
