// What a metric's name says of it, for results that don't say it themselves.

const losses = ["loss", "nll", "perplexity", "ppl", "entropy", "bpb", "bpc", "nats", "bits"];
const faults = ["error", "errors", "wer", "cer", "ter", "mae", "mse", "rmse", "brier", "toxicity", "hallucination"];
const costs = ["latency", "cost", "seconds", "duration", "ms", "usd"];

/** Losses and what is made of them: lower is better, and their margin is a share of the champion's value. */
export function isLossLike(metric: string): boolean {
  return wordsOf(metric).some((word) => losses.includes(word));
}

/** Time and money: a value in 0..1 says nothing about their scale. */
export function isCostLike(metric: string): boolean {
  return wordsOf(metric).some((word) => costs.includes(word));
}

export function isLowerBetter(metric: string): boolean {
  return isLossLike(metric) || isCostLike(metric) || wordsOf(metric).some((word) => faults.includes(word));
}

/** eval_loss, evalLoss and eval-loss are eval and loss. */
function wordsOf(metric: string): string[] {
  return metric
    .replace(/([a-z])([A-Z])/g, "$1 $2")
    .toLowerCase()
    .split(/[^a-z0-9]+/);
}
