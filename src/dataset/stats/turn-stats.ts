// Statistics of conversations: kinds of rows, roles, number of turns, their order, lengths in characters, system prompts.
import type { CanonicalRow, RowKind } from "../canonical.js";
import { maskText } from "../rules/mask-text.js";
import { type LengthSummary, numberCounts, summarise } from "./number-counts.js";
import { textKey, textsOf, turnsOf } from "./row-parts.js";
import { valueCounts } from "./value-counts.js";

/** Distinct system prompts and orders of roles that are told apart; the rest is counted together. */
const kept = 10_000;
const promptChars = 80;

export function turnStats() {
  const kinds = valueCounts(16);
  const roles = valueCounts(16);
  const shapes = valueCounts(kept);
  const systemPrompts = valueCounts(kept);
  const promptStarts = new Map<string, string>();
  const turnsPerRow = numberCounts();
  const rowChars = numberCounts();
  const charsOfRole = new Map<string, ReturnType<typeof numberCounts>>();
  let reasoningTurns = 0;
  let emptyTurns = 0;

  return {
    kinds,
    roles,
    turnsPerRow,
    rowChars,
    add(row: CanonicalRow): void {
      const turns = turnsOf(row);
      kinds.add(row.kind);
      rowChars.add(textsOf(row).reduce((sum, text) => sum + text.length, 0));
      if (turns.length === 0) return;
      turnsPerRow.add(turns.length);
      shapes.add(shapeOf(turns.map(({ role }) => role)));
      for (const { role, content, reasoning_content, tool_calls } of turns) {
        roles.add(role);
        if (!charsOfRole.has(role)) charsOfRole.set(role, numberCounts());
        charsOfRole.get(role)!.add(content.length);
        if (reasoning_content) reasoningTurns += 1;
        if (content === "" && !tool_calls) emptyTurns += 1;
      }
      const system = turns.find(({ role }) => role === "system");
      if (!system) return;
      const key = textKey(system.content);
      systemPrompts.add(key);
      if (promptStarts.size < kept && !promptStarts.has(key)) {
        promptStarts.set(key, maskText(system.content).slice(0, promptChars));
      }
    },
    result: () => ({
      kinds: Object.fromEntries(kinds.top().map(({ value, count }) => [value, count])) as Partial<
        Record<RowKind, number>
      >,
      roles: Object.fromEntries(roles.top().map(({ value, count }) => [value, count])),
      turns: summarise(turnsPerRow),
      /** Orders of roles; "(user assistant)+" stands for any number of repetitions. */
      shapes: shapes.top(10),
      chars: {
        /** Of a pair both answers. */
        row: summarise(rowChars),
        ofRole: Object.fromEntries(
          [...charsOfRole].map(([role, counts]): [string, LengthSummary] => [role, summarise(counts)]),
        ),
      },
      reasoningTurns,
      emptyTurns,
      systemPrompts: {
        rows: systemPrompts.total,
        distinct: systemPrompts.distinct(),
        /** More distinct ones came than are told apart. */
        isAtLeast: systemPrompts.unkept > 0,
        /** The first 80 characters; personal data and secrets in them masked. */
        top: systemPrompts.top(10).map(({ value, count }) => ({ start: promptStarts.get(value)!, count })),
      },
    }),
  };
}

/** "system user assistant user assistant" -> "system (user assistant)+", so that lengths do not tell conversations apart. */
function shapeOf(roles: string[]): string {
  return roles.join(" ").replace(/\b(user assistant)( user assistant)+\b/g, "($1)+");
}
