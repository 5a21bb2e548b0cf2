// Chat templates rendered by transformers itself, and our rendering of the same beside it.
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { execa } from "execa";
import type { Message } from "../src/dataset/canonical.js";
import type { Json } from "../src/dataset/json/json.js";
import { stringifyJson } from "../src/dataset/json/stringify-json.js";
import {
  compileTemplate,
  type RenderChat,
  type RenderOptions,
  TemplateRefusal,
} from "../src/dataset/template/compile.js";
import { FtError } from "../src/errors.js";
import { enginePackages, llamaCppTemplates } from "./engine-packages.js";

export interface Chat {
  messages: Message[];
  options: RenderOptions;
}

interface Rendered {
  text: string;
  generated: [number, number][];
}

export type Rendering = Rendered | { error: string /** Python's class, or our code. */; type: string };

/** What strftime_now sees, here and in Python. */
const clock = "2026-03-04T15:06:07.089000";

/** Templates by id, from the packages that ship them. */
export async function templateCorpora(): Promise<Record<"llama.cpp" | "trl" | "axolotl", Record<string, string>>> {
  const axolotl = await enginePackages("axolotl", "0.19.0");
  const environment = join(dirname(process.env.FT_TEST_PYTHON as string), "../lib");
  const python = readdirSync(environment).find((name) => name.startsWith("python")) as string;
  return {
    "llama.cpp": templatesIn(await llamaCppTemplates()),
    trl: templatesIn(join(environment, python, "site-packages/trl/chat_templates")),
    axolotl: templatesIn(join(axolotl.folder, "axolotl/utils/chat_templates/templates")),
  };
}

function templatesIn(folder: string): Record<string, string> {
  const files = readdirSync(folder).filter((name) => name.endsWith(".jinja"));
  return Object.fromEntries(files.map((name) => [name, readFileSync(join(folder, name), "utf8")]));
}

/** By template id, in the order of the chats. */
export async function renderInPython(
  templates: Record<string, string>,
  chats: Chat[],
  variables: Record<string, string>,
): Promise<Map<string, Rendering[]>> {
  const conversations = chats.map(({ messages, options }) => ({
    messages,
    tools: options.tools,
    kwargs: options.chat_template_kwargs ?? {},
    add_generation_prompt: options.addGenerationPrompt,
  }));
  const script = fileURLToPath(new URL("../trainer/tests/render_templates.py", import.meta.url));
  const input = stringifyJson({ now: clock, variables, templates, conversations } as unknown as Json);
  const { stdout } = await execa(process.env.FT_TEST_PYTHON as string, [script], { input, maxBuffer: 1 << 30 });
  const lines = stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as { id: string; results: Rendering[] });
  return new Map(lines.map(({ id, results }) => [id, results]));
}

/** Our rendering in Python's terms: positions in code points. */
export function renderHere(source: string, variables: Record<string, string>): (chat: Chat) => Rendering {
  let render: RenderChat;
  try {
    render = compileTemplate(source, variables);
  } catch (error) {
    return () => failure(error);
  }
  return ({ messages, options }) => {
    try {
      const { text, generated } = render(messages, { ...options, now: new Date(clock) });
      // Of blocks in macros, transformers' positions are off, and may lie behind the end.
      const codePoints = (unit: number) => [...text.slice(0, unit)].length + Math.max(0, unit - text.length);
      return { text, generated: generated.map(([start, end]) => [codePoints(start), codePoints(end)]) };
    } catch (error) {
      return failure(error);
    }
  };
}

function failure(error: unknown): Rendering {
  if (error instanceof TemplateRefusal) return { type: "refusal", error: error.message };
  if (error instanceof FtError) return { type: error.code, error: error.why ?? "" };
  throw error;
}

/** Same text and spans; where Python raises we refuse, and say what raise_exception says. */
export function agrees(ours: Rendering, python: Rendering): boolean {
  if ("text" in python)
    return "text" in ours && ours.text === python.text && String(ours.generated) === String(python.generated);
  if ("text" in ours || ours.type === "template.unsupported") return false;
  return python.type !== "TemplateError" || ours.error === python.error;
}
