// A prompt or an answer as rows write it (a string, one message, a list of messages, in either dialect) -> canonical messages.
import type { Message } from "../canonical.js";
import { recordOf } from "../json/json.js";
import { convertMessages } from "./convert-messages.js";
import { type Report, typeName } from "./format.js";
import { toTurn } from "./sharegpt.js";

/** Null when problems were reported. A string, and what is missing, is one turn of `role`. */
export function convertSide(
  value: unknown,
  column: string,
  role: "user" | "assistant",
  report: Report,
): Message[] | null {
  if (typeof value === "string" || value === null || value === undefined) return [{ role, content: value ?? "" }];
  // BFCL has a list of turns, each a list of messages.
  const turns = recordOf(value) ? [value] : Array.isArray(value) ? value.flat() : null;
  if (!turns) {
    report({ rule: "SCH007", message: `"${column}" is ${typeName(value)}, not a string or a list of messages` });
    return null;
  }
  return convertMessages(turns.map(toTurn), (problem) =>
    report({ ...problem, message: `${problem.message} (in "${column}")` }),
  );
}

/** A prompt is context: the weights of its turns say nothing that is not so anyway. */
export function unweighed(turns: Message[]): Message[] {
  return turns.map(({ weight: _, ...turn }) => turn);
}

/** Answers that are compared as wholes cannot be learnt in part. True: reported. */
export function reportWeighed(answer: Message[], report: Report): boolean {
  const at = answer.findIndex(({ weight }) => weight === 0);
  if (at === -1) return false;
  report({ rule: "SCH009", message: `turn ${at + 1} of an answer has weight 0, but answers are compared as wholes` });
  return true;
}
