// Predicted masks against the engines' own code: the same ids and labels, row by row, for real tokenizers and every template that the engines ship.
import { createHash } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { beforeAll, describe, expect, test } from "vitest";
import type { CanonicalRow } from "../src/dataset/canonical.js";
import { carriedBy } from "../src/dataset/carried.js";
import { engineLines, type Layout } from "../src/dataset/layout.js";
import { loadMaskModel } from "../src/dataset/masks/load-mask-model.js";
import type { MaskEngine, MaskModel } from "../src/dataset/masks/mask-model.js";
import { predictMask } from "../src/dataset/masks/predict-mask.js";
import { trainingTwin } from "../src/dataset/masks/training-twin.js";
import { type TurnMarkers, turnMarkers } from "../src/dataset/masks/unsloth-responses.js";
import { compileTemplate } from "../src/dataset/template/compile.js";
import { ensureEnvironment } from "../src/engines/env/ensure-environment.js";
import type { ChatTemplate } from "../src/models/facts.js";
import { packageRoot } from "../src/paths.js";
import { conversations, texts, touchingConversations, weightedConversations } from "./conversations.js";
import { type RealTokenizer, realTokenizer } from "./real-tokenizers.js";

const minutes = 60_000;
const maxLength = 160;

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
const rowsOf = {
  conversations: named(conversations),
  weighted: named(weightedConversations),
  touching: named(touchingConversations),
  texts: named(texts),
};

function named(rows: Record<string, CanonicalRow>): { name: string; row: CanonicalRow }[] {
  return Object.entries(rows).map(([name, row]) => ({ name, row }));
}

interface Case {
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

interface Outcome {
  case: string;
  row: string;
  expected: unknown;
  predicted: unknown;
}

interface Score {
  rows: number;
  ids: number;
  masks: number;
  /** By the template, to both. */
  refused: number;
  unknown: string[];
  wrong: Outcome[];
}

const scripts = {
  trl: "trl_labels",
  axolotl: "axolotl_labels",
  unsloth: "unsloth_labels",
  "unsloth-responses": "unsloth_labels",
};
const versions = { trl: "1.16.0", axolotl: "0.19.0", unsloth: "2026.10.7" } as const;

const allCases = once(async () => {
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
  cases.push(...shipped(sitePackage(await python("trl"), "trl/chat_templates"), "trl"));
  const axolotls = shipped(sitePackage(await python("axolotl"), "axolotl/utils/chat_templates/templates"), "axolotl");
  cases.push(...axolotls.map((each): Case => ({ ...each, of: ["axolotl"] })));
  cases.push({ name: "marked", tokenizer: "smollm2", template: marked, rows: "conversations" });
  cases.push({ name: "touching", tokenizer: "smollm2", template: touching, rows: "touching" });
  for (const tokenizer of ["smollm2", "llama3_1", "gemma3", "qwen3"] as const)
    cases.push({ name: `${tokenizer} text`, tokenizer, template: marked, rows: "texts" });
  return cases;
});

describe.each(["trl", "axolotl", "unsloth", "unsloth-responses"] as const)("%s", (engine) => {
  let score: Score;

  beforeAll(async () => {
    const cases = (await allCases()).filter(({ of }) => !of || of.includes(engine));
    score = await scoreOf(engine, cases);
    if (process.env.FT_TEST_MASKS)
      writeFileSync(`${process.env.FT_TEST_MASKS}-${engine}.json`, JSON.stringify(score, null, 1));
  }, 15 * minutes);

  test("trains the tokens that are predicted", () => {
    const { rows, ids, masks, wrong } = score;
    expect(ids / rows, JSON.stringify(wrong.slice(0, 3), null, 1)).toBeGreaterThanOrEqual(0.999);
    expect(masks / rows, JSON.stringify(wrong.slice(0, 3), null, 1)).toBeGreaterThanOrEqual(0.999);
  });

  test("is seldom unknown", () => {
    const { rows, unknown } = score;
    expect(unknown.length / (rows + unknown.length)).toBeLessThan(0.02);
  });
});

function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => {
    made ??= make();
    return made;
  };
}

async function python(name: keyof typeof versions): Promise<string> {
  const environment = await ensureEnvironment(
    { name, version: versions[name] },
    { env: process.env, onProgress: () => {} },
  );
  return environment.python;
}

async function scoreOf(engine: MaskEngine, cases: Case[]): Promise<Score> {
  const total: Score = { rows: 0, ids: 0, masks: 0, refused: 0, unknown: [], wrong: [] };
  const asked: { each: Case; model: MaskModel; lines: EngineLine[]; request: object }[] = [];
  const dir = mkdtempSync(join(tmpdir(), `ft-masks-${engine}-`));
  for (const each of cases) {
    const model = { ...(await modelFor(each)), turnByTurn: each.rows === "weighted" };
    const layout = layoutOf(engine, each, model);
    const markers = engine === "unsloth-responses" ? markersOf(model) : null;
    if (engine === "unsloth-responses" && (layout === "text" || !markers)) continue;
    const lines = engineLinesOf(each, layout);
    const file = join(dir, `${each.rows}-${layout}.jsonl`);
    writeFileSync(file, lines.map(({ line }) => `${JSON.stringify(line)}\n`).join(""));
    const request = {
      model: await realTokenizer(each.tokenizer),
      template: each.template,
      layout,
      file,
      max_length: maxLength,
      assistant_only: layout === "messages",
      markers,
    };
    asked.push({ each, model, lines, request });
  }
  const script = join(packageRoot, "trainer/tests", `${scripts[engine]}.py`);
  const interpreter = await python(engine === "unsloth-responses" ? "unsloth" : engine);
  const { stdout } = await execa(interpreter, [script], {
    input: JSON.stringify({ cases: asked.map(({ request }) => request) }),
    env: { HF_HUB_OFFLINE: "1", AXOLOTL_DO_NOT_TRACK: "1" },
    maxBuffer: 1 << 30,
  });
  const answers = stdout.split("\n").filter((line) => line.startsWith("[")); // the engines greet
  for (const [index, { each, model, lines }] of asked.entries())
    compare(total, engine, each, model, lines, JSON.parse(answers[index]!) as Answer[]);
  return total;
}

type Answer = [line: number, reason: string] | [line: number, ids: number[], labels: number[]];

/** One line of the engine's file, and the row that it comes from. */
interface EngineLine {
  row: number;
  line: object;
}

/** As a run's data/train.jsonl has them, when these are all its rows. */
function engineLinesOf({ rows }: Case, layout: Layout): EngineLine[] {
  const carries = [...new Set(rowsOf[rows].flatMap(({ row }) => [...carriedBy(row)]))];
  return rowsOf[rows].flatMap(({ row: canonical }, row) =>
    engineLines(canonical, layout, carries).map((line): EngineLine => ({ row, line })),
  );
}

function compare(
  total: Score,
  engine: MaskEngine,
  each: Case,
  model: MaskModel,
  lines: EngineLine[],
  answers: Answer[],
) {
  for (const [index, { name, row }] of rowsOf[each.rows].entries()) {
    const mine = new Set(lines.flatMap(({ row: from }, line) => (from === index ? [line] : [])));
    const answered = answers.filter(([line]) => mine.has(line)).sort(([a], [b]) => a - b);
    const refusal = answered.find((answer) => answer.length === 2)?.[1];
    const prediction = predictMask(row, model, engine);
    if (refusal !== undefined && "unknown" in prediction) {
      total.refused += 1;
      continue;
    }
    if ("unknown" in prediction) {
      total.unknown.push(`${each.name}, ${name}: ${prediction.unknown}`);
      continue;
    }
    total.rows += 1;
    const kept = prediction.lines.filter(({ dropped }) => !dropped);
    const predicted = {
      ids: kept.map(({ ids, kept }) => ids.slice(0, kept)),
      labels: kept.map(({ ids, trained, kept }) => ids.slice(0, kept).map((id, at) => (trained[at] ? id : -100))),
    };
    const expected = { ids: answered.map(([, ids]) => ids), labels: answered.map(([, , labels]) => labels) };
    const same = (key: "ids" | "labels") => JSON.stringify(expected[key]) === JSON.stringify(predicted[key]);
    if (same("ids")) total.ids += 1;
    if (same("labels")) total.masks += 1;
    if (!same("ids") || !same("labels"))
      total.wrong.push({ case: each.name, row: name, expected: refusal ?? expected, predicted });
  }
}

/** As the engines' renders choose it. */
function layoutOf(engine: MaskEngine, { rows }: Case, { template, renderTwin }: MaskModel): Layout {
  if (rows === "texts") return "text";
  if (engine === "unsloth") return "prompt-completion";
  if (engine === "unsloth-responses") return "messages";
  if (engine === "axolotl") return rows === "touching" ? "messages" : "messages-json";
  return rows !== "weighted" && (template?.hasGenerationMarkers || renderTwin) ? "messages" : "prompt-completion";
}

function markersOf(model: MaskModel): TurnMarkers | null {
  try {
    return turnMarkers(model);
  } catch {
    return null;
  }
}

/** By folder: tokenizers are loaded once. */
const models = new Map<string, Promise<MaskModel>>();

async function modelFor({ tokenizer, template }: Case): Promise<MaskModel> {
  const dir = await realTokenizer(tokenizer);
  if (!models.has(dir)) models.set(dir, loadMaskModel({ dir, template: null, trainOn: "assistant", maxLength }));
  const bare = await models.get(dir)!;
  const facts = chatTemplate(template);
  const compile = (source: string) => compileTemplate(source, bare.tokenizer.templateVariables);
  const twin = facts.hasGenerationMarkers ? null : trainingTwin(facts.sha256);
  return { ...bare, template: facts, render: compile(template), renderTwin: twin === null ? null : compile(twin) };
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
