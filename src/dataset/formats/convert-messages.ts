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
    const what = turn.role === undefined ? "has no role" : `has the role ${JSON.stringify(turn.role)}`;
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
    if (isObject(part) && part.type === "text" && typeof part.text === "string") texts.push(part.text);
    else {
      const kind = isObject(part) && typeof part.type === "string" ? `a part of type "${part.type}"` : "a part";
      report({ rule: "SCH006", message: `the content of ${at} has ${kind} that is not text` });
      return null;
    }
  }
  return texts.join("");
}

const lossFlags = ["weight", "train", "training", "loss", "loss_weight", "loss_mask"];
const reasoningFields = ["reasoning_content", "thinking", "reasoning"];

function unsupportedIn(turn: RawRow): string | null {
  if (isFilled(turn.tool_calls) || isFilled(turn.function_call)) return "tool calls";
  for (const field of reasoningFields) if (isFilled(turn[field])) return `reasoning in "${field}"`;
  for (const flag of lossFlags) {
    const value = turn[flag];
    const isDefault = value === undefined || value === null || value === 1 || value === true;
    if (!isDefault) return `its own loss weight ("${flag}": ${JSON.stringify(value)})`;
  }
  return null;
}

const media = ["images", "image", "videos", "video", "audios", "audio"];

/** Reports columns beside the turns that change what is learnt and that ft cannot carry yet. True when there were any. */
export function reportUnsupportedColumns(row: RawRow, report: Report): boolean {
  const found = media.filter((column) => isFilled(row[column])).map((column) => `"${column}"`);
  for (const column of ["tools", "functions"]) if (isFilled(row[column])) found.push(`tool definitions ("${column}")`);
  if (isFilled(row.rejected)) found.push(`a "rejected" answer (preference data)`);
  if (row.label === false) found.push(`"label": false (an answer marked as bad)`);
  if (found.length > 0) report({ rule: "SCH006", message: `the row has ${found.join(", ")}` });
  return found.length > 0;
}

function isFilled(value: unknown): boolean {
  if (value === undefined || value === null || value === "" || value === "[]") return false;
  return !Array.isArray(value) || value.length > 0;
}
