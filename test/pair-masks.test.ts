// What preferences and judged answers train, and what packing keeps: predicted against the engines' own trainers, for real tokenizers.
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { expect, test } from "vitest";
import type { CanonicalRow, Message } from "../src/dataset/canonical.js";
import { carriedBy } from "../src/dataset/carried.js";
import { engineLines, type Layout } from "../src/dataset/layout.js";
import type { MaskedLine, MaskModel } from "../src/dataset/masks/mask-model.js";
import { predictMask } from "../src/dataset/masks/predict-mask.js";
import { packageRoot } from "../src/paths.js";
import type { ObjectiveName } from "../src/recipes/schema.js";
import { conversations } from "./conversations.js";
import { maskCases, maxLength, modelFor, pythonOf } from "./mask-cases.js";
import { realTokenizer } from "./real-tokenizers.js";

const minutes = 60_000;
type Answer = [row: number, reason: string] | [row: number, ids: number[], labels: number[]];
type Engine = "trl" | "axolotl" | "unsloth";

/** The last turn of each conversation as the better answer; the worse one is shorter, longer, empty, or has its reasoning. */
const worse: Message[] = [
  { role: "assistant", content: "I don't know." },
  { role: "assistant", content: "A worse answer, one of many. ".repeat(40) },
  { role: "assistant", content: "" },
  { role: "assistant", content: "Maybe.", reasoning_content: "Who can tell?" },
];
const pairs = Object.entries(conversations).flatMap(([name, { kind: _, messages, ...extras }], index) => {
  const chosen = messages.at(-1)!;
  const prompt = messages.slice(0, -1);
  if (chosen.role !== "assistant") return [];
  const row: CanonicalRow = { kind: "preference", prompt, chosen: [chosen], rejected: [worse[index % 4]!], ...extras };
  return [{ name, row }];
});
const answers = pairs.flatMap(({ name, row }) => {
  const { prompt, chosen, rejected, kind: _, ...extras } = row as Extract<CanonicalRow, { kind: "preference" }>;
  return [chosen, rejected].map((completion, index) => {
    const judged: CanonicalRow = { kind: "unpaired", prompt, completion, label: index === 0, ...extras };
    return { name: `${name}, ${index === 0 ? "good" : "bad"}`, row: judged };
  });
});

/** Of each family those that differ in how answers begin, end or have reasoning; masks.test.ts has every template. */
const templates = /own$|deepseek|\/(gemma4?|llama3|llama3_1|phi3|qwen3|qwen3_8|qwen3_instruct_2507)\.jinja$/;

test.each([
  ["trl", ["dpo", "kto", "orpo", "cpo", "reward"]],
  ["axolotl", ["dpo", "kto", "orpo", "simpo"]],
  ["unsloth", ["dpo", "kto", "orpo"]],
] as const)(
  "%s: answers of %s begin, and are cut, where predicted",
  async (engine, objectives) => {
    const cases = (await maskCases()).filter(
      ({ name, rows, of }) => rows === "conversations" && !of && templates.test(name),
    );
    const asked = cases.flatMap((each) => objectives.map((objective) => ({ each, objective })));
    const dir = mkdtempSync(join(tmpdir(), "ft-pairs-"));
    const files = { preference: fileOf(dir, "preference", pairs), unpaired: fileOf(dir, "unpaired", answers) };
    const requests = await Promise.all(
      asked.map(async ({ each, objective }) => ({
        ...{ model: await realTokenizer(each.tokenizer), template: each.template, objective, max_length: maxLength },
        file: objective === "kto" ? files.unpaired : files.preference,
      })),
    );
    const answered = await ask("pair_labels.py", engine, requests);
    const score = { rows: 0, same: 0, refused: 0, unknown: [] as string[], wrong: [] as object[] };
    for (const [index, { each, objective }] of asked.entries())
      compare(score, answered[index]!, { ...(await modelFor(each)), objective }, engine, `${each.name}, ${objective}`);
    expect(pairs.length).toBeGreaterThanOrEqual(12);
    expect(new Set(cases.map(({ tokenizer }) => tokenizer)).size).toBeGreaterThanOrEqual(4);
    expect(score.rows).toBeGreaterThan(1000);
    expect(score.same / score.rows, JSON.stringify(score.wrong.slice(0, 3), null, 1)).toBeGreaterThanOrEqual(0.999);
    expect(score.unknown.length / score.rows, score.unknown.slice(0, 5).join("\n")).toBeLessThan(0.06);
  },
  20 * minutes,
);

/** More than a sequence holds, short ones, and one whose answer the cut takes. */
const packed = Object.entries(conversations).map(([name, row]) => ({ name, row: row as CanonicalRow }));

test.each(["trl", "axolotl"] as const)(
  "%s: packed sequences are made of the rows that are predicted, each with its mask",
  async (engine) => {
    const cases = (await maskCases()).filter(
      ({ name, rows, of }) => rows === "conversations" && !of && templates.test(name),
    );
    const dir = mkdtempSync(join(tmpdir(), "ft-packed-"));
    const models = await Promise.all(cases.map(async (each) => ({ ...(await modelFor(each)), packing: true })));
    const layouts = models.map(({ template, renderTwin }): Layout => {
      if (engine === "axolotl") return "messages-json";
      return template?.hasGenerationMarkers || renderTwin ? "messages" : "prompt-completion";
    });
    const requests = await Promise.all(
      cases.map(async (each, index) => ({
        ...{
          model: await realTokenizer(each.tokenizer),
          template: each.template,
          max_length: maxLength,
          packing: true,
        },
        ...{ layout: layouts[index], assistant_only: layouts[index] === "messages" },
        file: fileOf(dir, layouts[index]!, packed),
      })),
    );
    const answered = await ask(`${engine}_labels.py`, engine, requests);
    let sequences = 0;
    for (const [index, model] of models.entries()) {
      const predicted = packed.flatMap(({ row }) => {
        const prediction = predictMask(row, model, engine);
        return "lines" in prediction ? prediction.lines.filter(({ dropped }) => !dropped) : [];
      });
      const made = answered[index]!.filter((answer) => answer.length === 3).map(([, ids, labels]) => [ids, labels]);
      expect(sorted(made), cases[index]!.name).toEqual(sorted(predicted.map(keptOf)));
      sequences += made.length;
    }
    expect(sequences).toBeGreaterThan(200);
  },
  20 * minutes,
);

const sorted = (sequences: unknown[]) => sequences.map((each) => JSON.stringify(each)).sort();

/** What the engine keeps of a line: ids and labels. */
function keptOf({ ids, trained, kept }: MaskedLine): [number[], number[]] {
  const left = ids.slice(0, kept);
  return [left, left.map((id, at) => (trained[at] ? id : -100))];
}

function fileOf(dir: string, layout: Layout, rows: { row: CanonicalRow }[]): string {
  const carries = [...new Set(rows.flatMap(({ row }) => [...carriedBy(row)]))];
  const file = join(dir, `${layout}.jsonl`);
  writeFileSync(
    file,
    rows
      .flatMap(({ row }) => engineLines(row, layout, carries))
      .map(toLine)
      .join(""),
  );
  return file;
}

const toLine = (line: object) => `${JSON.stringify(line)}\n`;

async function ask(script: string, engine: Engine, cases: object[]): Promise<Answer[][]> {
  const { stdout } = await execa(await pythonOf(engine), [join(packageRoot, "trainer/tests", script), engine], {
    input: JSON.stringify({ cases }),
    env: { HF_HUB_OFFLINE: "1", AXOLOTL_DO_NOT_TRACK: "1", TRL_EXPERIMENTAL_SILENCE: "1" },
    maxBuffer: 1 << 30,
  });
  return stdout
    .split("\n")
    .filter((line) => line.startsWith("["))
    .map((line) => JSON.parse(line)); // the engines greet
}

interface Score {
  rows: number;
  same: number;
  refused: number;
  unknown: string[];
  wrong: object[];
}

function compare(
  score: Score,
  made: Answer[],
  model: MaskModel & { objective: ObjectiveName },
  engine: Engine,
  of: string,
) {
  for (const [number, { name, row }] of (model.objective === "kto" ? answers : pairs).entries()) {
    const mine = made.filter(([row]) => row === number);
    const refusal = mine.find((answer) => answer.length === 2)?.[1];
    const prediction = predictMask(row, model, engine);
    if ("unknown" in prediction) {
      if (refusal === undefined) score.unknown.push(`${of}, ${name}: ${prediction.unknown}`);
      else score.refused += 1;
      continue;
    }
    score.rows += 1;
    const kept = prediction.lines.filter(({ dropped }) => !dropped);
    const predicted = kept.map(keptOf);
    const expected = mine.map(([, ids, labels]) => [ids, labels]);
    if (JSON.stringify(expected) === JSON.stringify(predicted)) score.same += 1;
    else score.wrong.push({ of, name, expected: refusal ?? expected, predicted });
  }
}
