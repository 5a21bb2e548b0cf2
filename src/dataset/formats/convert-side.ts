// A prompt or an answer as rows write it (a string, one message, a list of messages, in either dialect) -> canonical messages.
import type { Message } from "../canonical.js";
import { convertMessages } from "./convert-messages.js";
import { isObject, type Report, typeName } from "./format.js";
import { toTurn } from "./sharegpt.js";

/** Null when problems were reported. A string, and what is missing, is one turn of `role`. */
export function convertSide(
  value: unknown,
  column: string,
  role: "user" | "assistant",
  report: Report,
): Message[] | null {
  if (typeof value === "string" || value === null || value === undefined) return [{ role, content: value ?? "" }];
  const turns = isObject(value) ? [value] : value;
  if (!Array.isArray(turns)) {
    report({ rule: "SCH007", message: `"${column}" is ${typeName(value)}, not a string or a list of messages` });
    return null;
  }
  return convertMessages(turns.map(toTurn), (problem) =>
    report({ ...problem, message: `${problem.message} (in "${column}")` }),
  );
}
