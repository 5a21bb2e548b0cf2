// Rules that need the model's tokenizer and template: length, what is trained, and whether turns are closed.
import type { CanonicalRow, RowPlace } from "./canonical.js";
import { endOfTurnIds } from "./masks/end-of-turn.js";
import { type MaskedLine, type MaskModel, maskRow } from "./masks/mask-row.js";
import { type RowProblem, toFinding } from "./rules.js";
import { TemplateRefusal } from "./template/compile.js";

export interface TokenRules {
  judge(row: CanonicalRow): RowProblem[];
  /** Faults of template and mask as a whole, told once at the end with the place of the first row. */
  finish(first: RowPlace): ReturnType<typeof toFinding>[];
}

/** @param maxLength tokens a sequence keeps, from its start; the engine cuts the rest */
export function tokenRules(model: MaskModel, maxLength: number): TokenRules {
  const endIds = endOfTurnIds(model.tokenizer, model.render);
  const seen = { rows: 0, trainedRows: 0, closedBeforeCut: 0 };
  return {
    judge(row) {
      if (row.kind !== "text" && !model.render) {
        return [{ rule: "TPL001", message: "the model has no chat template" }];
      }
      try {
        const lines = maskRow(row, model);
        if (row.kind === "prompt" || lines.length === 0) return [];
        if (row.kind === "preference" || row.kind === "unpaired") return judgeAnswers(lines, maxLength);
        seen.rows += 1;
        if (lines.some((line) => hasTrained(line, maxLength))) seen.trainedRows += 1;
        if (lines.some((line) => isClosed(line, endIds, line.ids.length))) seen.closedBeforeCut += 1;
        return judgeLines(lines, endIds, maxLength);
      } catch (error) {
        if (error instanceof TemplateRefusal) return [{ rule: "TPL001", message: error.message }];
        throw error;
      }
    },
    finish(first) {
      if (seen.rows === 0) return [];
      if (seen.trainedRows === 0) {
        const message = `none of the ${seen.rows} rows has a token that carries loss`;
        return [toFinding({ rule: "TOK002", message }, first)];
      }
      if (seen.closedBeforeCut > 0) return [];
      const names = [...endIds].map((id) => model.tokenizer.token(id)).join(" or ");
      const message = names
        ? `${names} is trained in no row: the template does not end assistant turns with it, or its mask leaves it out`
        : "the tokenizer has no end-of-sequence token and the template ends assistant turns with none";
      return [toFinding({ rule: "TOK003", message }, first)];
    },
  };
}

/** Answers are compared by what is left of them; there is no mask to be wrong about. */
function judgeAnswers(lines: MaskedLine[], maxLength: number): RowProblem[] {
  const lost = lines.filter((line) => !hasTrained(line, maxLength));
  if (lost.length === 0) return tooLong(lines, maxLength);
  const message = `the prompt fills max_length ${maxLength}, so that nothing is left of ${lines.length === 1 ? "its answer" : "its answers"}`;
  return [...tooLong(lines, maxLength), { rule: "TOK002", severity: "warning", message }];
}

function tooLong(lines: MaskedLine[], maxLength: number): RowProblem[] {
  const longest = Math.max(...lines.map((line) => line.ids.length));
  if (longest <= maxLength) return [];
  const message = `${longest} tokens, ${longest - maxLength} more than max_length ${maxLength}`;
  return [{ rule: "TOK001", message }];
}

function judgeLines(lines: MaskedLine[], endIds: Set<number>, maxLength: number): RowProblem[] {
  const problems = tooLong(lines, maxLength);
  const lost = lines.filter((line) => !hasTrained(line, maxLength));
  if (lost.length > 0) problems.push(lostProblem(lines, lost, maxLength));
  // Only where the cut takes it: a template that never closes turns is one finding, not one a row.
  const unclosed = lines.filter(
    (line) =>
      hasTrained(line, maxLength) && isClosed(line, endIds, line.ids.length) && !isClosed(line, endIds, maxLength),
  );
  if (unclosed.length > 0) {
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

function hasTrained(line: MaskedLine, maxLength: number): boolean {
  const at = line.trained.indexOf(1);
  return at !== -1 && at < maxLength;
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
