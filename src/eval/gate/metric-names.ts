// What a metric's name says of it, for results that don't say it themselves.

const losses = words(
  "loss logloss nll perplexity ppl entropy crossentropy xentropy xent bce ce kl kld kldiv divergence deviance bpb bpc nats bits",
);
const faults = words(
  `error errors err eer wer cer ter mae mse rmse nrmse rmsle msle mape smape wape mase brier ece mce fid fpr fnr fdr
  false wrong invalid miss misses mistakes fail failed failure failures violations regressions regret distance
  levenshtein toxicity hallucination hallucinations`,
);
const costs = words("latency cost costs seconds sec secs duration runtime ttft tpot ms usd eur");

/** Of these more is better. */
const merits = words(
  `accuracy acc exact em match matches correct valid pass passed success win wins winrate precision recall f1 f2 fbeta
  tpr tnr ppv npv sensitivity specificity auc auroc roc auprc ap map mrr ndcg hit hits mcc kappa r2 pearson spearman
  kendall correlation iou dice jaccard similarity cosine overlap bleu sacrebleu rouge rouge1 rouge2 chrf meteor bertscore
  comet bleurt gleu reward helpfulness faithfulness relevance relevancy groundedness coherence fluency quality safety
  throughput`,
);

/** Losses and what is made of them: lower is better, and their margin is a share of the champion's value. */
export function isLossLike(metric: string): boolean {
  return wordsOf(metric).some((word) => losses.has(word));
}

/** Time and money: a value in 0..1 says nothing about their scale. */
export function isCostLike(metric: string): boolean {
  return wordsOf(metric).some((word) => costs.has(word));
}

export function isLowerBetter(metric: string): boolean {
  return wordsOf(metric).some(saysLower);
}

/** False: no word of the name says which way is better, or the last that does says otherwise than what it is taken for (toxicity_auc). */
export function saysDirection(metric: string): boolean {
  const last = wordsOf(metric).findLast((word) => saysLower(word) || merits.has(word));
  return last !== undefined && saysLower(last) === isLowerBetter(metric);
}

function saysLower(word: string): boolean {
  return losses.has(word) || faults.has(word) || costs.has(word);
}

/** eval_loss, evalLoss, eval-loss and EVALLoss are eval and loss. */
function wordsOf(metric: string): string[] {
  return metric
    .replace(/([a-z0-9])([A-Z])/g, "$1 $2")
    .replace(/([A-Z])([A-Z][a-z])/g, "$1 $2")
    .toLowerCase()
    .split(/[^a-z0-9]+/);
}

function words(text: string): ReadonlySet<string> {
  return new Set(text.split(/\s+/));
}
