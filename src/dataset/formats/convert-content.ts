// The content of a turn, a string or a list of parts -> its text, and the reasoning and calls that parts can hold.
import { recordOf } from "../json/json.js";
import { type Report, typeName } from "./format.js";

interface Content {
  text: string;
  /** "": none. */
  reasoning: string;
  /** Not converted yet. */
  calls: unknown[];
}

/** A missing or null content is an empty turn, which a rule judges. Null when a part was reported. */
export function convertContent(content: unknown, at: string, report: Report): Content | null {
  if (typeof content === "string") return { text: content, reasoning: "", calls: [] };
  if (content === undefined || content === null) return { text: "", reasoning: "", calls: [] };
  if (!Array.isArray(content)) {
    report({ rule: "SCH007", message: `the content of ${at} is ${typeName(content)}, not a string` });
    return null;
  }
  const found: Content = { text: "", reasoning: "", calls: [] };
  for (const part of content) {
    if (addPart(part, found)) continue;
    const type = recordOf(part)?.type;
    const kind = typeof type === "string" ? `of type "${type}"` : "that is not text";
    report({ rule: "SCH006", message: `the content of ${at} has a part ${kind}` });
    return null;
  }
  return found;
}

/** OpenAI's {type: "text", text}; LLaMA-Factory's newer files say `value`, and have parts for reasoning and calls. False: something else. */
function addPart(written: unknown, found: Content): boolean {
  const part = recordOf(written);
  if (!part || part.weight !== undefined || part.train !== undefined) return false;
  const value = part.text ?? part.thinking ?? part.reasoning ?? part.value;
  if (part.type === "tool_call") found.calls.push(value);
  else if (typeof value !== "string") return false;
  else if (part.type === "text") found.text += value;
  else if (part.type === "reasoning" || part.type === "thinking") found.reasoning += value;
  else return false;
  return true;
}
