// Predicted masks against the engines' own code: the same ids and labels, row by row, for real tokenizers and every template that they ship.
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { beforeAll, describe, expect, test } from "vitest";
import { carriedBy } from "../src/dataset/carried.js";
import { engineLines, type Layout } from "../src/dataset/layout.js";
import type { MaskEngine, MaskModel } from "../src/dataset/masks/mask-model.js";
import { predictMask } from "../src/dataset/masks/predict-mask.js";
import { type TurnMarkers, turnMarkers } from "../src/dataset/masks/unsloth-responses.js";
import { packageRoot } from "../src/paths.js";
import { type Case, maskCases, maxLength, modelFor, pythonOf, rowsOf } from "./mask-cases.js";
import { realTokenizer } from "./real-tokenizers.js";

const minutes = 60_000;

/** By the Python process that answers for them; they run beside each other. */
const processes = [
  ["trl", ["trl"]],
  ["axolotl", ["axolotl"]],
  ["unsloth", ["unsloth", "unsloth-responses"]],
] as const;

describe.concurrent.each(processes)("%s", (name, engines) => {
  let score: Score;

  beforeAll(async () => {
    score = await scoreOf(name, engines);
  }, 15 * minutes);

  test("trains the tokens that are predicted", () => {
    const { rows, ids, masks, wrong } = score;
    expect(rows).toBeGreaterThan(500);
    expect(ids / rows, JSON.stringify(wrong.slice(0, 3), null, 1)).toBeGreaterThanOrEqual(0.999);
    expect(masks / rows, JSON.stringify(wrong.slice(0, 3), null, 1)).toBeGreaterThanOrEqual(0.999);
  });

  test("is seldom unknown", () => {
    const { rows, unknown } = score;
    expect(unknown.length / (rows + unknown.length), unknown.slice(0, 5).join("\n")).toBeLessThan(0.02);
  });
});

interface Score {
  rows: number;
  ids: number;
  masks: number;
  /** By the template, to both. */
  refused: number;
  unknown: string[];
  wrong: { case: string; row: string; expected: unknown; predicted: unknown }[];
}

async function scoreOf(name: (typeof processes)[number][0], engines: readonly MaskEngine[]): Promise<Score> {
  const asked = (await Promise.all(engines.map(questionsTo))).flat();
  const script = join(packageRoot, "trainer/tests", `${name}_labels.py`);
  const { stdout } = await execa(await pythonOf(name), [script], {
    input: JSON.stringify({ cases: asked.map(({ request }) => request) }),
    env: { HF_HUB_OFFLINE: "1", AXOLOTL_DO_NOT_TRACK: "1" },
    maxBuffer: 1 << 30,
  });
  const answers = stdout.split("\n").filter((line) => line.startsWith("[")); // the engines greet
  const score: Score = { rows: 0, ids: 0, masks: 0, refused: 0, unknown: [], wrong: [] };
  for (const [index, question] of asked.entries()) compare(score, question, JSON.parse(answers[index]!) as Answer[]);
  return score;
}

interface Question {
  engine: MaskEngine;
  each: Case;
  model: MaskModel;
  lines: EngineLine[];
  request: object;
}

/** One line of the engine's file, and the row that it comes from. */
interface EngineLine {
  row: number;
  line: object;
}

type Answer = [line: number, reason: string] | [line: number, ids: number[], labels: number[]];

async function questionsTo(engine: MaskEngine): Promise<Question[]> {
  const dir = mkdtempSync(join(tmpdir(), `ft-masks-${engine}-`));
  const questions: Question[] = [];
  for (const each of (await maskCases()).filter(({ of }) => !of || of.includes(engine))) {
    const model = await modelFor(each);
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
    questions.push({ engine, each, model, lines, request });
  }
  return questions;
}

/** As a run's data/train.jsonl has them, when these are all its rows. */
function engineLinesOf({ rows }: Case, layout: Layout): EngineLine[] {
  const carries = [...new Set(rowsOf[rows].flatMap(({ row }) => [...carriedBy(row)]))];
  return rowsOf[rows].flatMap(({ row: canonical }, row) =>
    engineLines(canonical, layout, carries).map((line): EngineLine => ({ row, line })),
  );
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

function compare(total: Score, { engine, each, model, lines }: Question, answers: Answer[]): void {
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
