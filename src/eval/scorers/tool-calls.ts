// Whether an answer makes the very tool calls of the reference: the calls that models write as text, in the spellings of their templates.
import { z } from "zod";
import { canonicalJson } from "../../recipes/lock-file.js";

interface Call {
  name: string;
  arguments: unknown;
}

/** 1 when the calls are the reference's, in any order, arguments compared as JSON values; a reference without calls wants none. */
export function toolCallsMatch(output: string, reference: readonly Call[]): 0 | 1 {
  const key = (calls: readonly Call[]) => canonicalJson(calls.map((call) => canonicalJson(call)).sort());
  return key(readCalls(output)) === key(reference) ? 1 : 0;
}

/**
 * `<tool_call>{...}</tool_call>` (Hermes, Qwen), `[TOOL_CALLS] [...]` (Mistral), `<|python_tag|>{...}` (Llama 3), or an answer that is one
 * JSON call, or a list of them, and nothing else.
 */
function readCalls(output: string): Call[] {
  const tagged = [...output.matchAll(/<tool_call>(.*?)(?:<\/tool_call>|$)/gs)].map(([, inside]) => inside!);
  const bare = output.replace(/^\s*(?:\[TOOL_CALLS\]|<\|python_tag\|>)/, "");
  return (tagged.length > 0 ? tagged : [bare]).flatMap(parseCalls);
}

const callSchema = z
  .object({ name: z.string(), arguments: z.json().optional(), parameters: z.json().optional() })
  .transform(({ name, arguments: given, parameters }): Call => ({ name, arguments: unpacked(given ?? parameters) }));

function parseCalls(text: string): Call[] {
  try {
    const value: unknown = JSON.parse(text.trim());
    return z.array(callSchema).safeParse(Array.isArray(value) ? value : [value]).data ?? [];
  } catch {
    return [];
  }
}

/** OpenAI writes arguments as a JSON text. */
function unpacked(given: unknown): unknown {
  if (typeof given !== "string") return given ?? {};
  try {
    return JSON.parse(given);
  } catch {
    return given;
  }
}
