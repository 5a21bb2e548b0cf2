// How much an answer shares with its reference, 0..1: F1 over words (SQuAD), ROUGE (rouge-score), BLEU and chrF (sacrebleu). Our own: no npm package gives
// the numbers that people compare with (docs/dependencies.md); test/overlap.test.ts holds them to the Python packages.

/** F1 over the words, without case, ASCII punctuation and articles: SQuAD's (Rajpurkar et al., arXiv 1606.05250, evaluate-v1.1.py). */
export function wordF1(output: string, reference: string): number {
  const [answer, wanted] = [squadWords(output), squadWords(reference)];
  if (answer.length === 0 || wanted.length === 0) return answer.length === wanted.length ? 1 : 0;
  return f1(overlap(counted(answer), counted(wanted)), answer.length, wanted.length);
}

function squadWords(text: string): string[] {
  const plain = text.toLowerCase().replace(/[!-/:-@[-`{-~]/g, "");
  return words(plain.replace(/\b(a|an|the)\b/g, " "));
}

export type RougeVariant = "rouge1" | "rouge2" | "rougeL";

/** F-measure of ROUGE (Lin 2004) as rouge-score gives it without stemming. It knows words of a-z and digits only. */
export function rouge(output: string, reference: string, variant: RougeVariant): number {
  const [answer, wanted] = [rougeWords(output), rougeWords(reference)];
  if (variant === "rougeL") return f1(longestCommon(answer, wanted), answer.length, wanted.length);
  const n = variant === "rouge1" ? 1 : 2;
  const [a, b] = [ngrams(answer, n), ngrams(wanted, n)];
  return f1(overlap(a, b), total(a), total(b));
}

function rougeWords(text: string): string[] {
  return text.toLowerCase().match(/[a-z0-9]+/g) ?? [];
}

/** Length of the longest common subsequence. */
function longestCommon(a: string[], b: string[]): number {
  let row = new Uint32Array(b.length + 1);
  for (const word of a) {
    const next = new Uint32Array(b.length + 1);
    for (let at = 1; at <= b.length; at += 1) {
      next[at] = word === b[at - 1] ? row[at - 1]! + 1 : Math.max(row[at]!, next[at - 1]!);
    }
    row = next;
  }
  return row[b.length]!;
}

/** BLEU of one sentence (Papineni et al. 2002), as sacrebleu's sentence_bleu: tokenizer 13a, exponential smoothing, effective order. */
export function bleu(output: string, reference: string): number {
  const [answer, wanted] = [words(tokenize13a(output)), words(tokenize13a(reference))];
  let smoothing = 1;
  let logs = 0;
  let order = 0;
  let matched = 0;
  for (let n = 1; n <= 4; n += 1) {
    const said = ngrams(answer, n);
    const correct = overlap(said, ngrams(wanted, n));
    const all = total(said);
    if (all === 0) break;
    order = n;
    matched += correct;
    if (correct === 0) smoothing *= 2;
    logs += Math.log(correct === 0 ? 1 / (smoothing * all) : correct / all);
  }
  if (matched === 0) return 0;
  const brevity = answer.length < wanted.length ? Math.exp(1 - wanted.length / answer.length) : 1;
  return brevity * Math.exp(logs / order);
}

/** mteval-v13a's, as sacrebleu has it (tokenizer_13a.py, tokenizer_re.py). */
function tokenize13a(text: string): string {
  const line = text
    .trimEnd()
    .replaceAll("<skipped>", "")
    .replaceAll("-\n", "")
    .replaceAll("\n", " ")
    .replaceAll("&quot;", '"')
    .replaceAll("&amp;", "&")
    .replaceAll("&lt;", "<")
    .replaceAll("&gt;", ">");
  return ` ${line} `
    .replace(/([{-~[-` -&(-+:-@/])/gu, " $1 ")
    .replace(/([^0-9])([.,])/gu, "$1 $2 ")
    .replace(/([.,])([^0-9])/gu, " $1 $2")
    .replace(/([0-9])(-)/gu, "$1 $2 ");
}

/** chrF (Popović 2015), as sacrebleu's: character 1- to 6-grams without white space, recall twice as heavy as precision. */
export function chrf(output: string, reference: string): number {
  const [answer, wanted] = [output, reference].map((text) => [...words(text).join("")]) as [string[], string[]];
  let [precision, recall, order] = [0, 0, 0];
  for (let n = 1; n <= 6; n += 1) {
    const [said, right] = [ngrams(answer, n), ngrams(wanted, n)];
    const [allSaid, allRight] = [total(said), total(right)];
    if (allSaid === 0 || allRight === 0) continue;
    const both = overlap(said, right);
    precision += both / allSaid;
    recall += both / allRight;
    order += 1;
  }
  if (precision + recall === 0) return 0;
  const beta = 4; // 2 squared
  return ((1 + beta) * (precision / order) * (recall / order)) / (beta * (precision / order) + recall / order);
}

function words(text: string): string[] {
  return text.split(/\s+/u).filter(Boolean);
}

function ngrams(tokens: string[], n: number): Map<string, number> {
  return counted(
    Array.from({ length: Math.max(0, tokens.length - n + 1) }, (_, at) => tokens.slice(at, at + n).join("\u0000")),
  );
}

function counted(tokens: string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const token of tokens) counts.set(token, (counts.get(token) ?? 0) + 1);
  return counts;
}

function total(counts: Map<string, number>): number {
  let sum = 0;
  for (const count of counts.values()) sum += count;
  return sum;
}

function overlap(a: Map<string, number>, b: Map<string, number>): number {
  let shared = 0;
  for (const [token, count] of a) shared += Math.min(count, b.get(token) ?? 0);
  return shared;
}

function f1(shared: number, said: number, wanted: number): number {
  return shared === 0 ? 0 : (2 * shared) / (said + wanted);
}
