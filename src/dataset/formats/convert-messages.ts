// A list of {role, content} turns -> canonical messages. What the canonical form cannot hold is reported, never dropped.
import type { Message, Role, ToolCall } from "../canonical.js";
import { type Json, recordOf } from "../json/json.js";
import { stringifyJson } from "../json/stringify-json.js";
import { convertContent } from "./convert-content.js";
import { convertCalls } from "./convert-tools.js";
import { type RawRow, type Report, typeName } from "./format.js";
import { lossWeight } from "./loss-weight.js";

const roles: Readonly<Record<string, Role>> = {
  system: "system",
  developer: "system",
  user: "user",
  assistant: "assistant",
  tool: "tool",
  function: "tool",
};

/** Null when a turn could not be converted; what and why was reported. */
export function convertMessages(turns: readonly unknown[], report: Report): Message[] | null {
  const messages: Message[] = [];
  for (const [index, turn] of turns.entries()) {
    const message = convertTurn(turn, `turn ${index + 1}`, report);
    if (message) messages.push(message);
  }
  return messages.length === turns.length ? messages : null;
}

function convertTurn(written: unknown, at: string, report: Report): Message | null {
  const turn = recordOf(written);
  if (!turn) {
    report({ rule: "SCH007", message: `${at} is ${typeName(written)}, not {role, content}` });
    return null;
  }
  const role = typeof turn.role === "string" && Object.hasOwn(roles, turn.role) ? roles[turn.role] : undefined;
  if (!role) {
    const what =
      turn.role === undefined ? "has no role" : `has the role ${stringifyJson(turn.role as Json).slice(0, 60)}`;
    report({ rule: "SCH001", message: `${at} ${what}` });
    return null;
  }
  const said = convertContent(turn.content, at, report);
  const reasoning = said && reasoningOf(turn, said.reasoning, at, report);
  const calls = said && callsOf(turn, said.calls, at, report);
  const weight = lossWeight(turn, role, at, report);
  if (!said || reasoning === null || calls === null || weight === null) return null;
  const only = role === "assistant" ? null : reasoning !== "" ? "reasoning" : calls.length > 0 ? "tool calls" : null;
  if (only) {
    report({ rule: "SCH007", message: `${at} is the ${role}'s, but has ${only}` });
    return null;
  }
  return {
    role,
    content: said.text,
    ...(reasoning !== "" && { reasoning_content: reasoning }),
    ...(calls.length > 0 && { tool_calls: calls }),
    ...(role === "tool" && isText(turn.tool_call_id) && { tool_call_id: turn.tool_call_id }),
    ...(isText(turn.name) && { name: turn.name }),
    ...(weight === 0 && { weight }),
  };
}

function isText(value: unknown): value is string {
  return typeof value === "string" && value !== "";
}

const reasoningKeys = ["reasoning_content", "thinking", "reasoning"] as const;

/** "": none. Inline `<think>` in the content stays there: templates that know of thinking cut it off themselves, others train it as text. */
function reasoningOf(turn: RawRow, fromParts: string, at: string, report: Report): string | null {
  const found = new Set(fromParts === "" ? [] : [fromParts]);
  for (const key of reasoningKeys) {
    const value = turn[key];
    if (value === undefined || value === null || value === "") continue;
    if (typeof value !== "string") {
      report({ rule: "SCH007", message: `"${key}" of ${at} is ${typeName(value)}, not a string` });
      return null;
    }
    found.add(value);
  }
  if (found.size <= 1) return [...found][0] ?? "";
  report({ rule: "SCH007", message: `${at} has two different reasonings: keep one of ${reasoningKeys.join(", ")}` });
  return null;
}

/** `tool_calls`, the older `function_call`, and the parts of the content that are calls. */
function callsOf(turn: RawRow, fromParts: unknown[], at: string, report: Report): ToolCall[] | null {
  const { tool_calls: many, function_call: one } = turn;
  if (many !== undefined && many !== null && !Array.isArray(many)) {
    report({ rule: "SCH007", message: `"tool_calls" of ${at} is ${typeName(many)}, not a list` });
    return null;
  }
  const isCalled = one !== undefined && one !== null && one !== "";
  return convertCalls([...(many ?? []), ...(isCalled ? [one] : []), ...fromParts], at, report);
}
