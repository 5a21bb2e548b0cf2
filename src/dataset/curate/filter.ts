// Rows that meet every condition are kept; the others are dropped, with the first condition that they do not meet.
import { FtError } from "../../errors.js";
import type { CanonicalRow } from "../canonical.js";
import type { DatasetSource } from "../dataset-facts.js";
import { type CurateRow, curateRows, findKey, noColumn, type ProgressOfFile, turnsOf } from "./curate-rows.js";
import { type Decisions, isUsable, noDecisions } from "./decisions.js";

/** A usable row. */
type Row = CurateRow & { row: CanonicalRow };

export interface Condition {
  /** Null when the row meets it; else why not. */
  (row: Row): string | null;
  /** When all rows were seen. @throws FtError usage.key when none has the column that it reads */
  finish?(): void;
}

/** @throws FtError usage.key, data.* */
export async function filter(
  source: DatasetSource,
  conditions: readonly Condition[],
  onBytes?: ProgressOfFile,
): Promise<Decisions> {
  const decisions = noDecisions();
  for await (const each of curateRows(source, onBytes)) {
    if (!isUsable(each, decisions)) continue;
    const reason = firstOf(conditions, each);
    if (reason) decisions.drops.set(each.number, { reason });
  }
  for (const condition of conditions) condition.finish?.();
  return decisions;
}

function firstOf(conditions: readonly Condition[], row: Row): string | null {
  let reason: string | null = null;
  for (const condition of conditions) {
    // One that is to say at the end whether any row has its column sees them all.
    if (reason === null || condition.finish) {
      const own = condition(row);
      reason ??= own;
    }
  }
  return reason;
}

/** What can be counted of a row. `tokens` needs a model and is given by who has one. */
export const counts = {
  turns: ({ row }: Row) => turnsOf(row).filter(({ role }) => role !== "system").length,
  chars: ({ row }: Row) => turnsOf(row).reduce((sum, { content }) => sum + content.length, 0),
  answerChars: ({ row }: Row) => turnsOf(row).findLast(({ role }) => role === "assistant")?.content.length ?? 0,
};

export function atLeast(name: string, count: (row: Row) => number, bound: number): Condition {
  return (row) => (count(row) < bound ? `fewer than ${bound} ${name}: ${count(row)}` : null);
}

export function atMost(name: string, count: (row: Row) => number, bound: number): Condition {
  return (row) => (count(row) > bound ? `more than ${bound} ${name}: ${count(row)}` : null);
}

const operators: Record<string, (value: string, operand: string) => boolean> = {
  "=": (value, operand) => value === operand,
  "!=": (value, operand) => value !== operand,
  "~": (value, operand) => new RegExp(operand, "u").test(value),
  "!~": (value, operand) => !new RegExp(operand, "u").test(value),
};

/**
 * `key=value`, `key!=value`, `key~regex`, `key!~regex`; the key is a column or one of keyOf's names. A row without the column has no such
 * value: it meets those with "!".
 * @throws FtError usage.condition, usage.key
 */
export function parseCondition(text: string): Condition {
  const [, key, operator, operand] = /^([^=~!]+)(!?[=~])(.*)$/su.exec(text) ?? [];
  if (key === undefined || operator === undefined || operand === undefined)
    throw badCondition(text, "it has no operator");
  if (operator.endsWith("~")) requireRegex(text, operand);
  const [find, holds] = [findKey(key), operators[operator] as (value: string, operand: string) => boolean];
  let [rows, without] = [0, 0];
  const condition: Condition = (row) => {
    const value = find(row);
    rows += 1;
    if (value !== undefined) return holds(value, operand) ? null : `not ${text}`;
    without += 1;
    return operator.startsWith("!") ? null : `no column ${key}`;
  };
  condition.finish = () => {
    if (rows > 0 && without === rows) throw noColumn(key);
  };
  return condition;
}

function requireRegex(text: string, source: string): void {
  try {
    new RegExp(source, "u");
  } catch (error) {
    throw badCondition(text, (error as Error).message);
  }
}

function badCondition(text: string, why: string): FtError {
  return new FtError({
    code: "usage.condition",
    exit: "usage",
    message: `not a condition: ${text}`,
    why,
    next: "write key=value, key!=value, key~regex or key!~regex, for example category=billing",
  });
}
