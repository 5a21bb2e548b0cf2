// How answers are made, as an evaluation records it: results of another decoding are not compared.

/** Of config/evaluate.json, as far as it decides the answers. */
export interface EvaluatorSettings {
  method: string;
  dtype: string;
  maxNewTokens: number;
}

/** Greedy: one answer, always the same but for rounding. `end`: tokens that end it (trainer/ft_trainer/eval_model.py). */
export function decodingOf(
  { method, dtype }: Pick<EvaluatorSettings, "method" | "dtype">,
  maxNewTokens: number,
): Record<string, string | number | boolean> {
  return {
    ...{ sampling: false, beams: 1, max_new_tokens: maxNewTokens, end: "eos and end of turn", dtype },
    weights: method === "qlora" ? "nf4" : dtype,
  };
}
