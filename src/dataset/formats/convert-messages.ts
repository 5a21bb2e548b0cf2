// A list of {role, content} turns -> canonical messages. What the canonical form cannot hold is reported, never dropped.
import type { Message, Role } from "../canonical.js";
import { isObject, type RawRow, type Report, typeName } from "./format.js";

const roles: Readonly<Record<string, Role>> = {
  system: "system",
  developer: "system",
  user: "user",
  assistant: "assistant",
  tool: "tool",
  function: "tool",
};

/** Null when a turn could not be converted; what and why was reported. */
export function convertMessages(turns: unknown[], report: Report): Message[] | null {
  const messages: Message[] = [];
  for (const [index, turn] of turns.entries()) {
    const message = convertTurn(turn, `turn ${index + 1}`, report);
    if (message) messages.push(message);
  }
  return messages.length === turns.length ? messages : null;
}

function convertTurn(turn: unknown, at: string, report: Report): Message | null {
  if (!isObject(turn)) {
    report({ rule: "SCH007", message: `${at} is ${typeName(turn)}, not {role, content}` });
    return null;
  }
  const extra = unsupportedIn(turn);
  if (extra) {
    report({ rule: "SCH006", message: `${at} has ${extra}` });
    return null;
  }
  const role = typeof turn.role === "string" && Object.hasOwn(roles, turn.role) ? roles[turn.role] : undefined;
  if (!role) {
    const what = turn.role === undefined ? "has no role" : `has the role ${JSON.stringify(turn.role).slice(0, 60)}`;
    report({ rule: "SCH001", message: `${at} ${what}` });
    return null;
  }
  const content = convertContent(turn.content, at, report);
  return content === null ? null : { role, content };
}

/** A missing or null content is an empty turn, which a rule judges. */
function convertContent(content: unknown, at: string, report: Report): string | null {
  if (typeof content === "string") return content;
  if (content === undefined || content === null) return "";
  if (!Array.isArray(content)) {
    report({ rule: "SCH007", message: `the content of ${at} is ${typeName(content)}, not a string` });
    return null;
  }
  const texts: string[] = [];
  for (const part of content) {
    const text = textOf(part);
    if (text === null) {
      const kind = isObject(part) && typeof part.type === "string" ? `of type "${part.type}"` : "that is not text";
      report({ rule: "SCH006", message: `the content of ${at} has a part ${kind}` });
      return null;
    }
    texts.push(text);
  }
  return texts.join("");
}

/** {type: "text", text} as OpenAI has it; LLaMA-Factory's newer files say `value`. */
function textOf(part: unknown): string | null {
  if (!isObject(part) || part.type !== "text") return null;
  const text = part.text ?? part.value;
  return typeof text === "string" ? text : null;
}

const lossFlags = ["weight", "train", "training", "loss", "loss_weight", "loss_mask"];
const reasoningFields = ["reasoning_content", "thinking", "reasoning"];

function unsupportedIn(turn: RawRow): string | null {
  if (isFilled(turn.tool_calls) || isFilled(turn.function_call)) return "tool calls";
  for (const field of reasoningFields) if (isFilled(turn[field])) return `reasoning in "${field}"`;
  for (const flag of lossFlags) {
    const value = turn[flag];
    const isUsual = value === undefined || value === null || value === (turn.role === "assistant" ? 1 : 0);
    if (!isUsual && value !== (turn.role === "assistant"))
      return `its own loss weight ("${flag}": ${JSON.stringify(value)})`;
  }
  return null;
}

/** Columns that rows may only leave empty; SCH006 speaks of them, so they are not "unused". */
export const unsupportedColumns: readonly string[] = [
  "images",
  "image",
  "videos",
  "video",
  "audios",
  "audio",
  "tools",
  "functions",
  "chosen",
  "rejected",
];

const media = unsupportedColumns.slice(0, 6);

/** Reports columns beside the turns that change what is learnt and that ft cannot carry yet. True when there were any. */
export function reportMediaAndTools(row: RawRow, report: Report): boolean {
  return reportColumns(filledMediaAndTools(row), report);
}

/** As `reportMediaAndTools`, and what says that an answer is bad: for rows whose answers are all learnt. */
export function reportUnsupportedColumns(row: RawRow, report: Report): boolean {
  const found = filledMediaAndTools(row);
  if (isFilled(row.rejected)) found.push(`a "rejected" answer (preference data)`);
  if (row.label === false) found.push(`"label": false (an answer marked as bad)`);
  return reportColumns(found, report);
}

function filledMediaAndTools(row: RawRow): string[] {
  const found = media.filter((column) => isFilled(row[column])).map((column) => `"${column}"`);
  for (const column of ["tools", "functions"]) if (isFilled(row[column])) found.push(`tool definitions ("${column}")`);
  return found;
}

function reportColumns(found: string[], report: Report): boolean {
  if (found.length > 0) report({ rule: "SCH006", message: `the row has ${found.join(", ")}` });
  return found.length > 0;
}

function isFilled(value: unknown): boolean {
  if (value === undefined || value === null || value === "" || value === "[]") return false;
  return !Array.isArray(value) || value.length > 0;
}
