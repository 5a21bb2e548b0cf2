// What the masks are compared on: conversations, real tokenizers, and every template that TRL and Axolotl ship.
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { CanonicalRow } from "../src/dataset/canonical.js";
import { loadMaskModel } from "../src/dataset/masks/load-mask-model.js";
import type { MaskEngine, MaskModel } from "../src/dataset/masks/mask-model.js";
import { trainingTwin } from "../src/dataset/masks/training-twin.js";
import { compileTemplate } from "../src/dataset/template/compile.js";
import { ensureEnvironment } from "../src/engines/env/ensure-environment.js";
import type { ChatTemplate } from "../src/models/facts.js";
import {
  conversations,
  texts,
  touchingConversations,
  variableConversations,
  weightedConversations,
} from "./conversations.js";
import { type RealTokenizer, realTokenizer } from "./real-tokenizers.js";

export const maxLength = 160;

/** The Python of an engine's pinned environment. */
export async function pythonOf(name: keyof typeof versions): Promise<string> {
  const engine = { name, version: versions[name] };
  return (await ensureEnvironment(engine, { env: process.env, onProgress: () => {} })).python;
}

const versions = { trl: "1.16.0", axolotl: "0.19.0", unsloth: "2026.10.7" } as const;

/** ChatML with the markers that TRL masks by; whitespace control on both sides. */
const marked = `{%- for message in messages %}
    {%- if message['role'] == 'assistant' -%}
        {{ '<|im_start|>assistant\\n' }}
        {%- generation -%}
        {{ message['content'] + '<|im_end|>' }}
        {%- endgeneration -%}
        {{ '\\n' }}
    {%- else -%}
        {{ '<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>\\n' }}
    {%- endif -%}
{%- endfor %}
{%- if add_generation_prompt -%}{{ '<|im_start|>assistant\\n' }}{%- endif -%}`;

/** Blocks whose borders lie inside tokens: "A:" and ":)" merge with what they touch, an emoji is several tokens. */
const touching =
  "{% for m in messages %}{{ m.role + ' says' }}{% generation %}{{ m.content if m.role == 'assistant' else ':' }}{% endgeneration %}{{ ')s' }}{% endfor %}";

type Rows = keyof typeof rowsOf;
export const rowsOf = {
  conversations: named(conversations),
  variables: named(variableConversations),
  weighted: named(weightedConversations),
  touching: named(touchingConversations),
  texts: named(texts),
};

function named(rows: Record<string, CanonicalRow>): { name: string; row: CanonicalRow }[] {
  return Object.entries(rows).map(([name, row]) => ({ name, row }));
}

export interface Case {
  name: string;
  tokenizer: RealTokenizer;
  template: string;
  rows: Rows;
  /** Left out: of every engine. */
  of?: MaskEngine[];
}

/** By the name of a template's file; the others are tried with Qwen 3's. */
const tokenizerFor: [RegExp, RealTokenizer][] = [
  [/llama3|llama4|cohere|command/, "llama3_1"],
  [/gemma/, "gemma3"],
  [/deepseek/, "deepseek_v3"],
  [/mistral.*tekken|pixtral/, "mistral_tekken"],
  [/mistral|llava|idefics/, "mistral_v3"],
  [/gptoss/, "gptoss"],
  [/smolvlm|chatml/, "smollm2"],
];

function shipped(folder: string, owner: string): Case[] {
  // TRL's twins are what it trains with in the place of their originals.
  const files = readdirSync(folder).filter((name) => name.endsWith(".jinja") && !name.endsWith("_training.jinja"));
  return files.sort().map((file) => ({
    name: `${owner}/${file}`,
    tokenizer: tokenizerFor.find(([names]) => names.test(file))?.[1] ?? "qwen3",
    template: readFileSync(join(folder, file), "utf8"),
    rows: "conversations",
  }));
}

export async function maskCases(): Promise<Case[]> {
  const cases: Case[] = [];
  for (const tokenizer of ["llama3_1", "qwen3", "deepseek_v3", "gemma3"] as const) {
    const config = readFileSync(join(await realTokenizer(tokenizer), "tokenizer_config.json"), "utf8");
    cases.push({
      name: `${tokenizer}'s own`,
      tokenizer,
      template: JSON.parse(config).chat_template,
      rows: "conversations",
    });
  }
  const qwen3 = cases.find(({ tokenizer }) => tokenizer === "qwen3")!;
  cases.push({ ...qwen3, rows: "weighted" });
  cases.push({ ...qwen3, rows: "variables", of: ["trl", "unsloth", "unsloth-responses"] });
  cases.push(...shipped(sitePackage(await pythonOf("trl"), "trl/chat_templates"), "trl"));
  const axolotls = shipped(sitePackage(await pythonOf("axolotl"), "axolotl/utils/chat_templates/templates"), "axolotl");
  cases.push(...axolotls.map((each): Case => ({ ...each, of: ["axolotl"] })));
  cases.push({ name: "marked", tokenizer: "smollm2", template: marked, rows: "conversations" });
  cases.push({ name: "touching", tokenizer: "smollm2", template: touching, rows: "touching" });
  for (const tokenizer of ["smollm2", "llama3_1", "gemma3", "qwen3"] as const)
    cases.push({ name: `${tokenizer} text`, tokenizer, template: marked, rows: "texts" });
  return cases;
}

/** By folder: tokenizers are loaded once. */
const models = new Map<string, Promise<MaskModel>>();

export async function modelFor({ tokenizer, template, rows }: Case): Promise<MaskModel> {
  const dir = await realTokenizer(tokenizer);
  if (!models.has(dir)) models.set(dir, loadMaskModel({ dir, template: null, trainOn: "assistant", maxLength }));
  const bare = await models.get(dir)!;
  const facts = chatTemplate(template);
  const compile = (source: string) => compileTemplate(source, bare.tokenizer.templateVariables);
  const twin = facts.hasGenerationMarkers ? null : trainingTwin(facts.sha256);
  const turnByTurn = rows === "weighted";
  return {
    ...bare,
    turnByTurn,
    template: facts,
    render: compile(template),
    renderTwin: twin === null ? null : compile(twin),
  };
}

function chatTemplate(source: string): ChatTemplate {
  const sha256 = createHash("sha256").update(source).digest("hex");
  return { source, sha256, origin: "test", hasGenerationMarkers: /\{%[-+]?\s*generation\s*[-+]?%\}/.test(source) };
}

function sitePackage(python: string, path: string): string {
  const lib = join(python, "../../lib");
  const version = readdirSync(lib).find((name) => name.startsWith("python"))!;
  return join(lib, version, "site-packages", path);
}
