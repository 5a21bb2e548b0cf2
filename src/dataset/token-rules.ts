// Rules that need the model's tokenizer and template: length, what the engine trains, whether turns are closed, what the template leaves out.
import type { CanonicalRow, RowPlace } from "./canonical.js";
import { endOfTurnIds } from "./masks/end-of-turn.js";
import { isGiven } from "./masks/given-lines.js";
import { leftOut } from "./masks/left-out.js";
import { type MaskEngine, type MaskedLine, type MaskModel, mostCostly } from "./masks/mask-model.js";
import { predictMask } from "./masks/predict-mask.js";
import { trainedOthers } from "./masks/trained-others.js";
import { judgeGenerationPrompt, judgeRenderedTools } from "./rules/judge-template.js";
import { type RowProblem, toFinding } from "./rules.js";

export interface TokenRules {
  /** @param number of the row in the dataset */
  judge(row: CanonicalRow, number: number): RowProblem[];
  seen(): TokensSeen;
  /** Faults of template and mask as a whole, of what all saw who judged; told once with the place of the first row. */
  finish(seen: TokensSeen[], first: RowPlace): ReturnType<typeof toFinding>[];
}

export interface TokensSeen {
  rows: number;
  trainedRows: number;
  closedBeforeCut: number;
  /** Rows of segments or tokens: they say themselves what is trained. */
  given: number;
  /** Rows whose template was too costly, the first few: after them nothing is rendered. */
  costly: number[];
  /** Why a mask is unknown: in how many rows, and in which first. */
  unknown: Map<string, { rows: number; first: number }>;
}

/** @param engine whose masks are judged */
export function tokenRules(model: MaskModel, engine: MaskEngine): TokenRules {
  const endIds = endOfTurnIds(model.tokenizer, model.render);
  const bosId = model.tokenizer.bosId;
  const own = nothingSeen();
  return {
    seen: () => own,
    judge(row, number) {
      if (own.costly.length >= mostCostly) return [];
      const prediction = predictMask(row, model, engine);
      if ("unknown" in prediction) {
        const { unknown, refused, costly } = prediction;
        if (refused) return [{ rule: "TPL001", message: unknown }];
        if (costly) own.costly.push(number);
        const known = own.unknown.get(unknown) ?? { rows: 0, first: number };
        own.unknown.set(unknown, { ...known, rows: known.rows + 1 });
        return [];
      }
      const { lines } = prediction;
      if (row.kind === "prompt" || lines.length === 0) return [];
      const problems = lines.some(({ ids }) => bosId !== null && ids[0] === bosId && ids[1] === bosId)
        ? [doubleBos(model.tokenizer.token(bosId as number))]
        : [];
      if (row.kind === "preference" || row.kind === "unpaired") return [...problems, ...judgeAnswers(lines, model)];
      problems.push(...judgeRenderedTools(row, lines));
      own.rows += 1;
      if (isGiven(row)) own.given += 1;
      if (lines.some(hasTrained)) own.trainedRows += 1;
      if (lines.some((line) => isClosed(line, endIds, line.ids.length))) own.closedBeforeCut += 1;
      // Of plain text the cut takes no answer's end: that it is cut TOK001 says.
      problems.push(...judgeLines(lines, row.kind === "text" ? null : endIds, model));
      const foreign = row.kind === "messages" ? lines.flatMap((line) => trainedOthers(row.messages, line)) : [];
      if (foreign.length > 0) problems.push({ rule: "TOK006", message: `carries loss: turn ${foreign.join(", ")}` });
      const missing = row.kind === "messages" ? leftOut(row.messages, lines) : [];
      if (missing.length > 0)
        problems.push({ rule: "TPL002", message: `not in what is trained: ${missing.join(", ")}` });
      return problems;
    },
    finish(all, first) {
      const seen = sumSeen(all);
      if (seen.costly.length >= mostCostly) return [];
      const unknown = [...seen.unknown].map(([why, { rows }]) =>
        toFinding({ rule: "TOK004", message: `${engine}, ${rows} ${rows === 1 ? "row" : "rows"}: ${why}` }, first),
      );
      const silent = seen.rows > 0 && model.render ? judgeGenerationPrompt(model.render) : null;
      const faults = [silent, faultOfAll(seen, endIds, model)].filter((fault) => fault !== null);
      return [...unknown, ...faults.map((fault) => toFinding(fault, first))];
    },
  };
}

function nothingSeen(): TokensSeen {
  return { rows: 0, trainedRows: 0, closedBeforeCut: 0, given: 0, costly: [], unknown: new Map() };
}

function sumSeen(all: TokensSeen[]): TokensSeen {
  const sum = nothingSeen();
  sum.costly = all.flatMap(({ costly }) => costly);
  for (const { rows, trainedRows, closedBeforeCut, given } of all) {
    sum.given += given;
    sum.rows += rows;
    sum.trainedRows += trainedRows;
    sum.closedBeforeCut += closedBeforeCut;
  }
  const reasons = all.flatMap(({ unknown }) => [...unknown]).sort(([, a], [, b]) => a.first - b.first);
  for (const [why, { rows, first }] of reasons) {
    const known = sum.unknown.get(why) ?? { rows: 0, first };
    sum.unknown.set(why, { ...known, rows: known.rows + rows });
  }
  return sum;
}

function faultOfAll(seen: TokensSeen, endIds: ReadonlySet<number>, { tokenizer }: MaskModel): RowProblem | null {
  if (seen.rows === 0) return null;
  if (seen.trainedRows === 0)
    return { rule: "TOK002", message: `none of the ${seen.rows} rows has a token that carries loss` };
  if (seen.closedBeforeCut > 0) return null;
  if (seen.given === seen.rows) {
    const message = "no row trains an end-of-turn token: the model does not learn to stop";
    return { rule: "TOK003", severity: "warning", message, fix: "end the last segment that is learnt with it" };
  }
  const names = [...endIds].map((id) => tokenizer.token(id)).join(" or ");
  const message = names
    ? `${names} is trained in no row: the template does not end assistant turns with it, or its mask leaves it out`
    : "the tokenizer has no end-of-sequence token and the template ends assistant turns with none";
  return { rule: "TOK003", message };
}

function doubleBos(token: string): RowProblem {
  return { rule: "TOK005", message: `begins with ${token} twice: the row holds it, and the tokenizer adds it` };
}

/** Answers are compared by what is left of them; there is no mask to be wrong about. */
function judgeAnswers(lines: MaskedLine[], model: MaskModel): RowProblem[] {
  const { maxLength, objective } = model;
  const lost = objective === "reward" ? [] : lines.filter((line) => !hasTrained(line));
  const long = tooLong(lines, model);
  if (lost.length === 0) return long;
  const message = `the prompt fills max_length ${maxLength}, so that nothing is left of ${lines.length === 1 ? "its answer" : "its answers"}`;
  return [...long, { rule: "TOK002", severity: "warning", message }];
}

function tooLong(lines: MaskedLine[], { maxLength, ...model }: MaskModel): RowProblem[] {
  const longest = Math.max(...lines.map((line) => line.ids.length));
  if (longest <= maxLength) return [];
  const end = model.tooLong === "drop" || model.objective === "reward" ? ": the engine leaves it out" : "";
  return [
    { rule: "TOK001", message: `${longest} tokens, ${longest - maxLength} more than max_length ${maxLength}${end}` },
  ];
}

function judgeLines(all: MaskedLine[], endIds: Set<number> | null, model: MaskModel): RowProblem[] {
  const { maxLength } = model;
  const problems = tooLong(all, model);
  const lines = model.tooLong === "drop" ? all.filter(({ ids }) => ids.length <= maxLength) : all;
  const lost = lines.filter((line) => !hasTrained(line));
  if (lost.length > 0) problems.push(lostProblem(lines, lost, maxLength));
  // Only where the cut takes it: a template that never closes turns is one finding, not one a row.
  const isUnclosed = (line: MaskedLine, ends: Set<number>) =>
    hasTrained(line) && isClosed(line, ends, line.ids.length) && !isClosed(line, ends, line.kept);
  if (endIds && lines.some((line) => isUnclosed(line, endIds))) {
    const message = "the answer is cut before its end-of-turn token: the model learns not to stop";
    problems.push({ rule: "TOK003", severity: "warning", message, fix: "raise data.max_length, or shorten the row" });
  }
  return problems;
}

function lostProblem(lines: MaskedLine[], lost: MaskedLine[], maxLength: number): RowProblem {
  const cut = lost.every((line) => line.trained.includes(1));
  const what = lines.length === 1 ? "" : `${lost.length} of ${lines.length} assistant turns: `;
  if (!cut) return { rule: "TOK002", message: `${what}the template and the mask leave no token to train` };
  const message = `${what}the answer starts beyond max_length ${maxLength}, so that nothing is left to train`;
  return { rule: "TOK002", severity: "warning", message };
}

function hasTrained({ trained, kept }: MaskedLine): boolean {
  const at = trained.indexOf(1);
  return at !== -1 && at < kept;
}

/** The last trained stretch within the first `length` tokens holds an end of turn. */
function isClosed(line: MaskedLine, endIds: Set<number>, length: number): boolean {
  for (let at = Math.min(length, line.ids.length) - 1; at >= 0; at -= 1) {
    if (line.trained[at] === 0) {
      if (at + 1 < line.ids.length && line.trained[at + 1] === 1) return false;
    } else if (endIds.has(line.ids[at] as number)) return true;
  }
  return false;
}
