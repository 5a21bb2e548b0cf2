// Renders chat templates (Jinja) as transformers does, and tells which characters lie inside {% generation %} blocks.
import { Template } from "@huggingface/jinja";
import { FtError } from "../../errors.js";
import type { ChatExtras, Message } from "../canonical.js";
import { rewriteStripCalls, stripFunctions } from "./strip-methods.js";

export interface RenderedChat {
  text: string;
  /** Character ranges [start, end) inside {% generation %} blocks, in order. */
  generated: [number, number][];
}

export interface RenderOptions extends ChatExtras {
  addGenerationPrompt: boolean;
}

/** Messages reach the template as they are, tools and chat_template_kwargs as transformers' apply_chat_template hands them on. */
export type RenderChat = (messages: Message[], options: RenderOptions) => RenderedChat;

/** What a template says by raise_exception: the row's fault, not the template's. */
export class TemplateRefusal extends Error {}

/**
 * @param variables bos_token, eos_token ... of the tokenizer
 * @throws FtError template.invalid (exit recipe) when the source is not Jinja; the returned function throws TemplateRefusal
 */
export function compileTemplate(source: string, variables: Record<string, string>): RenderChat {
  const template = parseTemplate(markGeneration(source));
  return (messages, { addGenerationPrompt, tools, chat_template_kwargs }) => {
    const context = {
      ...stripFunctions,
      ...variables,
      ...chat_template_kwargs,
      messages: messages.map(({ weight: _, ...message }) => message),
      tools: tools ?? null,
      documents: null,
      add_generation_prompt: addGenerationPrompt,
    };
    try {
      return cutMarks(template.render(context));
    } catch (error) {
      throw new TemplateRefusal(error instanceof Error ? error.message : String(error), { cause: error });
    }
  };
}

function parseTemplate(source: string): Template {
  try {
    const template = new Template(source);
    rewriteStripCalls(template.parsed);
    return template;
  } catch (cause) {
    throw new FtError({
      code: "template.invalid",
      exit: "recipe",
      message: "the chat template is not valid Jinja",
      why: cause instanceof Error ? cause.message : String(cause),
      next: "mend the template, or choose a built-in one such as chatml",
      cause,
    });
  }
}

/** Private-use characters that no content should hold. */
const opening = "\u{f8f0}\u{f8f1}";
const closing = "\u{f8f1}\u{f8f0}";

/** The library drops generation tags; an `if` in the place of each keeps its whitespace control and prints a mark. */
function markGeneration(source: string): string {
  return source.replace(/\{%([-+]?)\s*(end)?generation\s*([-+]?)%\}/g, (_, left: string, end, right: string) => {
    const strip = (sign: string) => (sign === "-" ? "-" : "");
    return `{%${strip(left)} if true %}{{ "${end ? closing : opening}" }}{% endif ${strip(right)}%}`;
  });
}

function cutMarks(marked: string): RenderedChat {
  if (!marked.includes(opening)) return { text: marked, generated: [] };
  const generated: [number, number][] = [];
  let text = "";
  let at = 0;
  for (let open = marked.indexOf(opening); open !== -1; open = marked.indexOf(opening, at)) {
    text += marked.slice(at, open);
    const close = marked.indexOf(closing, open);
    const inside = marked.slice(open + opening.length, close);
    generated.push([text.length, text.length + inside.length]);
    text += inside;
    at = close + closing.length;
  }
  return { text: text + marked.slice(at), generated };
}
