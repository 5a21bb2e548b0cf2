// Scores one answer against its reference, or one pair by what the model thinks of each. Pure: the same input always gets the same score.

/**
 * 1 when the answer is the reference, else 0. Both are compared without white space around them; where the reference is a JSON
 * object or array, both are compared as JSON values instead: spaces and key order don't count, everything else does.
 */
export function exactMatch(output: string, reference: string): 0 | 1 {
  const answer = output.trim();
  const wanted = reference.trim();
  if (answer === wanted) return 1;
  const wantedValue = parseStructure(wanted);
  const answerValue = parseStructure(answer);
  if (wantedValue === undefined || answerValue === undefined) return 0;
  return canonicalJson(answerValue) === canonicalJson(wantedValue) ? 1 : 0;
}

/**
 * 1 when the whole answer is one JSON object or array, else 0. Prose or code fences around it make it invalid: a program that
 * parses the answer would fail too. So does an answer cut at max_new_tokens. Null when the reference is no JSON object or
 * array: then the example asks for no JSON, and the metric has nothing to say about it.
 */
export function jsonValid(output: string, reference: string): 0 | 1 | null {
  if (parseStructure(reference.trim()) === undefined) return null;
  return parseStructure(output.trim()) === undefined ? 0 : 1;
}

/** What a model said of the two answers of a pair; sums of -log p in nats over so many tokens, or scores. Null: nothing that counts. */
interface PairLikelihoods {
  nll: number | null;
  tokens: number;
  rejectedNll: number | null;
  rejectedTokens: number | null;
  chosenScore: number | null;
  rejectedScore: number | null;
}

/**
 * 1 when the model holds the chosen answer for better than the rejected one, else 0 (a tie too): by its scores where it has them (a reward model),
 * else by the mean log-probability of a token, so that the shorter answer has no advantage. Null where one of the two was cut away.
 */
export function prefersChosen(pair: PairLikelihoods): 0 | 1 | null {
  const { nll, tokens, rejectedNll, rejectedTokens, chosenScore, rejectedScore } = pair;
  if (chosenScore !== null && rejectedScore !== null) return chosenScore > rejectedScore ? 1 : 0;
  if (nll === null || rejectedNll === null || !tokens || !rejectedTokens) return null;
  return nll / tokens < rejectedNll / rejectedTokens ? 1 : 0;
}

/** A bare string, number, true or null is JSON too, but nobody calls the answer "42" structured: undefined for these. */
function parseStructure(text: string): object | undefined {
  if (!text.startsWith("{") && !text.startsWith("[")) return undefined;
  try {
    return JSON.parse(text) as object;
  } catch {
    return undefined;
  }
}

/** JSON with keys in one order at every depth. */
function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) =>
    inner !== null && typeof inner === "object" && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}
