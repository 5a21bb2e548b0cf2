// TPL003 and TPL004: what the template does with a generation prompt and with tool definitions.
import type { CanonicalRow, ChatExtras, Message } from "../canonical.js";
import { recordOf } from "../json/json.js";
import type { MaskedLine } from "../masks/mask-model.js";
import type { RowProblem } from "../rules.js";
import type { RenderChat } from "../template/compile.js";

/** @param lines the row's training sequences */
export function judgeRenderedTools(row: CanonicalRow, lines: readonly MaskedLine[]): RowProblem[] {
  const names = ((row as ChatExtras).tools ?? []).flatMap(toolName);
  const dropped = names.find((name) => !lines.some(({ text }) => text.includes(name)));
  if (dropped === undefined) return [];
  return [{ rule: "TPL004", message: `the tool ${JSON.stringify(dropped)} is not in the rendered text` }];
}

function toolName(tool: NonNullable<ChatExtras["tools"]>[number]): string[] {
  const name = recordOf(recordOf(tool)?.function)?.name;
  return typeof name === "string" ? [name] : [];
}

/** Null: it is as it should be, or the template refuses even this, which the first real row will say. */
export function judgeGenerationPrompt(template: RenderChat): RowProblem | null {
  const asked: Message[] = [{ role: "user", content: "hello" }];
  try {
    const texts = [true, false].map((addGenerationPrompt) => template(asked, { addGenerationPrompt }).text);
    if (texts[0] !== texts[1]) return null;
  } catch {
    return null;
  }
  return { rule: "TPL003", message: "a conversation renders the same with add_generation_prompt as without" };
}
