// What one row shows by itself, whatever the other rows are: its problems, and the few facts by which the set is judged. The part of the check that threads share.
import type { CanonicalRow, Finding, RowKind, RowPlace } from "./canonical.js";
import { looseDigest, looseDigests, rowDigest } from "./canonical-key.js";
import type { CheckModel } from "./check-dataset.js";
import { controlTokenCheck } from "./control-tokens.js";
import { type DatasetSource, type Side, type SidedFacts, sidedFacts } from "./dataset-facts.js";
import { loadMaskModel } from "./masks/load-mask-model.js";
import { keysOfRow, type RowDigests, writeRowKeys } from "./repeats/row-keys.js";
import { judgeRow } from "./row-rules.js";
import { type SetShape, setShape } from "./row-set-check.js";
import { rowsFor } from "./rows-for.js";
import { ownTexts } from "./rules/contamination.js";
import { type GramsOfItem, type GramTable, gramsIn } from "./rules/gram-index.js";
import { type AnswerShape, answerShape } from "./rules/judge-answer-set.js";
import { judgeAnswer } from "./rules/judge-answers.js";
import { judgePair, type PairShape, pairShape } from "./rules/judge-pairs.js";
import { judgeText } from "./rules/judge-texts.js";
import { toolRules } from "./rules/judge-tools.js";
import { type RowText, rowTexts } from "./rules/row-texts.js";
import type { RowProblem } from "./rules.js";
import { type TokensSeen, tokenRules } from "./token-rules.js";

/** What an observer needs to know; it can be sent to a thread. */
export interface ObserverInput extends Pick<DatasetSource, "eval" | "heldOutFraction" | "seed" | "objective"> {
  model: CheckModel | null;
  /** Whether near copies are looked for. */
  near: boolean;
  /** Runs of words of benchmarks and of evaluation rows, which training rows must not hold. */
  grams: readonly GramTable[];
}

/** Where rows come from. */
export interface FromFile {
  side: Side;
  weight: number;
}

/** Plain data, so that it crosses between threads. */
export interface ObservedRow {
  /** sha256 of the canonical row, hex. */
  digest: string;
  problems: RowProblem[];
  /** Of length, mask and template. */
  tokens: RowProblem[];
  /** Rendering it was stopped for what it costs: after `mostCostly` such rows no token rule is asked any more. */
  isCostly: boolean;
  /** Null: the objective cannot learn from it, as `problems` say. */
  taken: TakenRow | null;
}

interface TakenRow {
  kind: RowKind;
  facts: SidedFacts;
  /** The rest is of training rows; it is left out where there is nothing. */
  answers: AnswerShape[];
  pair: PairShape | null;
  sets: SetShape[];
  /** For each table of `grams` what was found of it; null: nothing of any. */
  contamination: { loose: string; found: GramsOfItem[][] } | null;
}

export interface RowObserver {
  /** Words of `keys` that a row takes. */
  keyWords: number;
  /** @param number of the row in the dataset: by it what several observers saw is put in order. @param keys filled for a row that is taken */
  observe(row: CanonicalRow, number: number, from: FromFile, keys: Uint32Array): ObservedRow;
  seen(): TokensSeen | null;
  /** Faults of the model's template and mask as a whole, from what all observers saw. */
  finish(seen: TokensSeen[], first: RowPlace): Finding[];
}

/** @throws FtError model.*, template.invalid */
export async function rowObserver(input: ObserverInput): Promise<RowObserver> {
  const { model, objective, near, grams } = input;
  const loaded = model && (await loadMaskModel(model));
  const controlTokens = controlTokenCheck(loaded ? loaded.tokenizer.specialTokens : null);
  const tokens = loaded && tokenRules(loaded, model!.engine);
  const judgeTools = toolRules();
  return {
    keyWords: keysOfRow(near) * 2,
    observe(row, number, from, keys) {
      const exact = rowDigest(row);
      const digest = exact.toString("hex");
      const rows = objective ? rowsFor(row, objective) : [row];
      if (!Array.isArray(rows)) return { digest, problems: [rows], tokens: [], isCostly: false, taken: null };
      // Of a pair that becomes two labelled answers the pair is judged.
      const judged = rows.length === 1 ? (rows[0] as CanonicalRow) : row;
      const texts = rowTexts(judged);
      const isTraining = from.side === "train";
      const digests = digestsOf(row, exact);
      writeRowKeys(row, digests, isTraining ? keys : keys.subarray(0, keysOfRow(false) * 2));
      const own = texts.flatMap((text) => [...judgeText(text), ...judgeAnswer(text)]);
      return {
        digest,
        problems: [
          ...judgeRow(judged),
          ...controlTokens(judged),
          ...judgeTools(judged),
          ...own,
          ...(isTraining ? judgePair(row) : []),
        ],
        tokens: tokens?.judge(judged, number) ?? [],
        isCostly: tokens?.seen().costly.at(-1) === number,
        taken: {
          kind: judged.kind,
          facts: sidedFacts({ row, rows, digest: exact, loose: digests.loose }, { ...from, source: input }),
          answers: isTraining ? texts.map(answerShape).filter((shape) => shape !== null) : [],
          pair: isTraining ? pairShape(row) : null,
          sets: isTraining ? rows.map(setShape).filter((shape) => shape !== null) : [],
          contamination: isTraining ? contaminationOf(texts, grams, digests.loose) : null,
        },
      };
    },
    seen: () => tokens?.seen() ?? null,
    finish: (seen, first) => (tokens ? tokens.finish(seen, first) : []),
  };
}

/** Rows, and the keys of those that are taken, one after the other. */
export interface ObservedRows {
  rows: ObservedRow[];
  keys: Uint32Array;
}

/** Rows that were read here. */
export interface RowBatch {
  rows: CanonicalRow[];
  /** Number of each in the dataset. */
  numbers: number[];
  from: FromFile;
}

export function observeAll(observer: RowObserver, { rows, numbers, from }: RowBatch): ObservedRows {
  const keys = new Uint32Array(rows.length * observer.keyWords);
  let at = 0;
  const observed = rows.map((row, index) => {
    const each = observer.observe(row, numbers[index] as number, from, keys.subarray(at, at + observer.keyWords));
    if (each.taken) at += observer.keyWords;
    return each;
  });
  return { rows: observed, keys };
}

function contaminationOf(texts: RowText[], grams: readonly GramTable[], loose: Buffer): TakenRow["contamination"] {
  if (grams.length === 0) return null;
  const own = ownTexts(texts);
  const found = grams.map((table) => gramsIn(table, own));
  return found.every(({ length }) => length === 0) ? null : { loose: loose.toString("hex"), found };
}

/** Loose digests: of the row, and of the prompt of a conversation that ends with an answer. */
function digestsOf(row: CanonicalRow, exact: Buffer): RowDigests {
  const isAnswered = row.kind === "messages" && row.messages.length > 1 && row.messages.at(-1)?.role === "assistant";
  if (!isAnswered) return { exact, loose: looseDigest(row), prompt: null };
  const { whole, prompt } = looseDigests(row);
  return { exact, loose: whole, prompt };
}
