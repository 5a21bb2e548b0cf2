// Renders chat templates (Jinja) as transformers does, and tells which characters lie inside {% generation %} blocks.
import { FtError } from "../../errors.js";
import type { ChatExtras, Message } from "../canonical.js";
import { PyError, TemplateSyntaxError, TooCostly, Unsupported } from "./jinja/errors.js";
import { globals } from "./jinja/globals.js";
import { Run } from "./jinja/run.js";
import { compileJinja } from "./jinja/template.js";
import type { Value } from "./jinja/values.js";

interface RenderedChat {
  text: string;
  /** Character ranges [start, end) inside {% generation %} blocks in UTF-16 units, in the order in which the blocks end. */
  generated: [number, number][];
}

export interface RenderOptions extends ChatExtras {
  addGenerationPrompt: boolean;
  /** False: as transformers before 5.21, which leaves a message's reasoning under its one name. */
  aliasReasoning?: boolean;
  /** What strftime_now sees; the present without it. */
  now?: Date;
}

/** Messages reach the template as they are, tools and chat_template_kwargs as transformers' apply_chat_template hands them on. */
export type RenderChat = (messages: Message[], options: RenderOptions) => RenderedChat;

/** Python refuses the row under this template: by raise_exception, or by an exception of its own. */
export class TemplateRefusal extends Error {}

/**
 * @param variables bos_token, eos_token ... of the tokenizer
 * @throws FtError template.invalid (exit recipe) when the source is not Jinja. The returned function throws TemplateRefusal; FtError
 * template.too-costly when the template takes more steps, text or depth than a chat can need; FtError template.unsupported when it
 * uses what is not rebuilt here, or prints what differs from run to run
 */
export function compileTemplate(source: string, variables: Record<string, string>): RenderChat {
  const template = compileSource(source);
  return (messages, options) => {
    if (messages.length === 0) {
      throw new TemplateRefusal("Cannot apply chat template to an empty conversation. Provide at least one message.");
    }
    const run = new Run(
      templateVariables(messages, variables, options),
      globals,
      () => options.now ?? new Date(),
      messages.length,
    );
    try {
      template(run);
      return { text: run.join(), generated: run.generated() };
    } catch (error) {
      throw renderFailure(error);
    }
  };
}

function compileSource(source: string): (run: Run) => void {
  try {
    return compileJinja(source);
  } catch (cause) {
    if (!(cause instanceof TemplateSyntaxError) && !(cause instanceof RangeError)) throw cause;
    const line = cause instanceof TemplateSyntaxError ? `line ${cause.line}: ` : "";
    throw new FtError({
      code: "template.invalid",
      exit: "recipe",
      message: "the chat template is not valid Jinja",
      why: line + cause.message,
      next: "mend the template, or choose a built-in one such as chatml",
      cause,
    });
  }
}

function templateVariables(
  messages: Message[],
  variables: Record<string, string>,
  { addGenerationPrompt, aliasReasoning = true, tools, chat_template_kwargs }: RenderOptions,
): Map<string, Value> {
  const all = new Map<string, Value>([["documents", null]]);
  for (const [name, value] of Object.entries(variables)) all.set(name, value);
  for (const [name, value] of Object.entries(chat_template_kwargs ?? {})) all.set(name, value);
  all.set(
    "messages",
    messages.map((message) => templateMessage(message, aliasReasoning)),
  );
  all.set("tools", tools ?? null);
  all.set("add_generation_prompt", addGenerationPrompt);
  return all;
}

/** Without what is ft's own; reasoning under the second name that gpt-oss templates read, which transformers puts in front. */
function templateMessage({ weight: _, ...message }: Message, aliasReasoning: boolean): { [key: string]: Value } {
  const reasoning = message.reasoning_content;
  const all: { [key: string]: Value | undefined } =
    aliasReasoning && reasoning !== undefined ? { thinking: reasoning } : {};
  for (const [key, value] of Object.entries(message)) if (value !== undefined) all[key] = value as Value;
  return all as { [key: string]: Value };
}

function renderFailure(error: unknown): unknown {
  if (error instanceof PyError) return new TemplateRefusal(error.message, { cause: error });
  if (error instanceof Unsupported) {
    return new FtError({
      code: "template.unsupported",
      exit: "recipe",
      message: "ft cannot tell what this chat template renders",
      why: `it needs ${error.message}`,
      next: "choose another template, or leave out what this one needs that for",
      cause: error,
    });
  }
  // A RangeError is the end of JavaScript's stack, or of a text's length.
  if (!(error instanceof TooCostly) && !(error instanceof RangeError)) return error;
  return new FtError({
    code: "template.too-costly",
    exit: "recipe",
    message: "the chat template was stopped: it takes more than a chat can need",
    why: error.message,
    next: "look for a loop that never ends in the template, or choose another one",
    cause: error,
  });
}
