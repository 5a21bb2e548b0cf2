// F1, ROUGE, BLEU and chrF against SQuAD's script, rouge-score and sacrebleu (test/fixtures/overlap/make_golden.py).
import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { bleu, chrf, rouge, wordF1 } from "./overlap.js";

interface Golden {
  output: string;
  reference: string;
  bleu: number;
  chrf: number;
  f1: number;
  rouge1: number;
  rouge2: number;
  rougeL: number;
}
const golden: Golden[] = JSON.parse(
  readFileSync(new URL("../../../test/fixtures/overlap/golden.json", import.meta.url), "utf8"),
);

it.each(golden)("scores $output against $reference as the Python packages do", ({ output, reference, ...wanted }) => {
  expect(golden.length).toBeGreaterThan(70);
  const rouges = Object.fromEntries(
    (["rouge1", "rouge2", "rougeL"] as const).map((variant) => [variant, rouge(output, reference, variant)]),
  );
  const scores: Record<string, number> = {
    ...{ bleu: bleu(output, reference), chrf: chrf(output, reference), f1: wordF1(output, reference) },
    ...rouges,
  };
  for (const [name, value] of Object.entries(wanted)) expect(scores[name], name).toBeCloseTo(value, 9);
});
