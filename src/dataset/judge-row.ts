// What can be said of a row by itself, whatever the other rows are: the part of the check that threads can share out.
import type { CanonicalRow, Finding, RowPlace } from "./canonical.js";
import type { CheckModel } from "./check-dataset.js";
import { controlTokenCheck } from "./control-tokens.js";
import { loadMaskModel } from "./masks/load-mask-model.js";
import { judgeRow } from "./row-rules.js";
import { judgeAnswer } from "./rules/judge-answers.js";
import { judgeText } from "./rules/judge-texts.js";
import { toolRules } from "./rules/judge-tools.js";
import { rowTexts } from "./rules/row-texts.js";
import type { RowProblem } from "./rules.js";
import { type TokensSeen, tokenRules } from "./token-rules.js";

/** Findings that other rows give a row stand between the two. */
export interface RowVerdict {
  own: RowProblem[];
  tokens: RowProblem[];
  /** Rendering it was stopped for what it costs: after `mostCostly` such rows no token rule is asked any more. */
  isCostly?: boolean;
}

export interface RowJudge {
  /** @param number of the row in the dataset: by it what several judges saw is put in order */
  judge(row: CanonicalRow, number: number): RowVerdict;
  seen(): TokensSeen | null;
  /** Faults of the model's template and mask as a whole, from what all judges saw. */
  finish(seen: TokensSeen[], first: RowPlace): Finding[];
}

/** @throws FtError model.*, template.invalid */
export async function rowJudge(model: CheckModel | null): Promise<RowJudge> {
  const loaded = model && (await loadMaskModel(model));
  const controlTokens = controlTokenCheck(loaded ? loaded.tokenizer.specialTokens : null);
  const tokens = loaded && tokenRules(loaded, model!.engine);
  const judgeTools = toolRules();
  return {
    judge(row, number) {
      const own = [
        ...judgeRow(row),
        ...controlTokens(row),
        ...judgeTools(row),
        ...rowTexts(row).flatMap((text) => [...judgeText(text), ...judgeAnswer(text)]),
      ];
      if (!tokens) return { own, tokens: [] };
      const problems = tokens.judge(row, number);
      return { own, tokens: problems, ...(tokens.seen().costly.at(-1) === number && { isCostly: true }) };
    },
    seen: () => tokens?.seen() ?? null,
    finish: (seen, first) => (tokens ? tokens.finish(seen, first) : []),
  };
}
