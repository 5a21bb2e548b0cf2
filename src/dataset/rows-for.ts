// Which rows an objective learns from, and how a row of another kind becomes one where it can.
import type { ObjectiveName } from "../recipes/schema.js";
import type { CanonicalRow, RowKind } from "./canonical.js";
import { extrasOf } from "./carried.js";
import type { RowProblem } from "./rules.js";

interface Use {
  kinds: readonly RowKind[];
  /** What a row of another kind lacks. */
  needs: string;
  /** The columns of a row, for the fix. */
  columns: string;
}

const pairs: Use = { kinds: ["preference"], needs: "chosen and rejected", columns: "prompt, chosen and rejected" };

const uses: Readonly<Record<ObjectiveName, Use>> = {
  sft: {
    kinds: ["messages", "text", "segments", "tokens"],
    needs: "messages or text",
    columns: "messages, prompt and completion, instruction and output, or text",
  },
  dpo: pairs,
  orpo: pairs,
  simpo: pairs,
  cpo: pairs,
  reward: pairs,
  kto: {
    kinds: ["unpaired", "preference"],
    needs: "completion and label",
    columns: "prompt, completion and label (true or false)",
  },
  grpo: { kinds: ["prompt", "messages"], needs: "prompt", columns: "prompt and what the rewards read" },
};

/** What people call one row of each kind, and several. */
export const kindNames: Readonly<Record<RowKind, { one: string; many: string }>> = {
  messages: { one: "a conversation", many: "conversations" },
  text: { one: "plain text", many: "plain texts" },
  preference: { one: "a preference pair", many: "preference pairs" },
  unpaired: { one: "a labelled answer", many: "labelled answers" },
  prompt: { one: "a prompt without an answer", many: "prompts" },
  segments: { one: "a text in segments", many: "texts in segments" },
  tokens: { one: "a tokenised row", many: "tokenised rows" },
};

/** The objectives that can learn from rows of this kind. */
export function objectivesFor(kind: RowKind): ObjectiveName[] {
  return (Object.keys(uses) as ObjectiveName[]).filter((objective) => uses[objective].kinds.includes(kind));
}

/**
 * The row as the objective trains on it, or why it cannot. kto takes a pair as two labelled answers; grpo takes a conversation up to its
 * last assistant turn, with what that said as column `answer`.
 */
export function rowsFor(row: CanonicalRow, objective: ObjectiveName): CanonicalRow[] | RowProblem {
  if (!uses[objective].kinds.includes(row.kind)) return misfit(row.kind, objective);
  if (objective === "kto" && row.kind === "preference") {
    const { prompt, chosen, rejected } = row;
    return [
      { kind: "unpaired", prompt, completion: chosen, label: true, ...extrasOf(row) },
      { kind: "unpaired", prompt, completion: rejected, label: false, ...extrasOf(row) },
    ];
  }
  const [extra] = objective === "grpo" ? Object.keys(extrasOf(row)) : [];
  if (extra) return { rule: "SCH015", ...noExtras(extra) };
  if (objective === "grpo" && row.kind === "messages") return [promptOf(row.messages)];
  return [row];
}

function promptOf(messages: Extract<CanonicalRow, { kind: "messages" }>["messages"]): CanonicalRow {
  const last = messages.at(-1);
  if (last?.role !== "assistant") return { kind: "prompt", prompt: messages, columns: {} };
  return { kind: "prompt", prompt: messages.slice(0, -1), columns: { answer: last.content } };
}

/** TRL's GRPO takes both for the whole run: tools as Python functions, which it calls. */
function noExtras(column: string): { message: string; fix: string } {
  return {
    message: `objective grpo cannot give the row's own "${column}" to the template`,
    fix: "write it into the system turn, or remove it",
  };
}

function misfit(kind: RowKind, objective: ObjectiveName): RowProblem {
  const { needs, columns } = uses[objective];
  const others = objectivesFor(kind).join(", ");
  return {
    rule: "SCH015",
    message: `objective ${objective} needs ${needs}; this row is ${kindNames[kind].one}`,
    fix: `give ${columns}; ${kindNames[kind].many} are for objective ${others}`,
  };
}
