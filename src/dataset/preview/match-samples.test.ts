// What an engine trained against the prediction, with the real tokenizer and template of the test model.
import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { requiredEnv } from "../../../test/project.js";
import { readTemplate } from "../../models/template.js";
import type { CanonicalRow } from "../canonical.js";
import { loadMaskModel } from "../masks/load-mask-model.js";
import type { MaskedLine, MaskModel } from "../masks/mask-model.js";
import { predictMask } from "../masks/predict-mask.js";
import { type EngineSample, matchSamples } from "./match-samples.js";

let model: MaskModel;
let data: { path: string; name: string };

const row = (n: number): CanonicalRow => ({
  kind: "messages",
  messages: [
    { role: "user", content: `lamp ${n}?` },
    { role: "assistant", content: "broken" },
    { role: "user", content: "sure?" },
    { role: "assistant", content: `yes, number ${n}` },
  ],
});

beforeAll(async () => {
  const dir = requiredEnv("FT_TEST_MODEL");
  const template = readTemplate("auto", { dir, cwd: dir });
  model = await loadMaskModel({ dir, template, trainOn: "assistant", maxLength: 256 });
  const path = join(await mkdtemp(join(tmpdir(), "ft-samples-")), "train.jsonl");
  data = { path, name: "train.jsonl" };
  await writeFile(
    path,
    [1, 2, 3].map((n) => `${JSON.stringify({ messages: (row(n) as { messages: object }).messages })}\n`).join(""),
  );
});

function lines(n: number): MaskedLine[] {
  const prediction = predictMask(row(n), model, "trl");
  if ("unknown" in prediction) throw new Error(prediction.unknown);
  return prediction.lines;
}

function sample(...parts: MaskedLine[]): EngineSample {
  const inputIds = parts.flatMap(({ ids }) => ids);
  return {
    row: 0,
    inputIds,
    labels: parts.flatMap(({ ids, trained }) => ids.map((id, at) => (trained[at] ? id : -100))),
  };
}

test("each turn's sequence, of whatever row, is as predicted", async () => {
  const matches = await matchSamples([sample(lines(1)[0]!), sample(lines(3)[1]!)], data, model, "trl");
  expect(matches.map(({ verdict, places }) => [verdict, places[0]?.line])).toEqual([
    ["as predicted", 1],
    ["as predicted", 3],
  ]);
});

test("packed sequences are taken apart", async () => {
  const [match] = await matchSamples([sample(lines(2)[1]!, lines(1)[0]!, lines(3)[0]!)], data, model, "trl");
  expect(match).toMatchObject({ verdict: "as predicted", places: [{ line: 2 }, { line: 1 }, { line: 3 }] });
});

test("loss on another token is told, but not on the first, whose label has no effect", async () => {
  const wrong = sample(lines(1)[0]!);
  wrong.labels[5] = wrong.inputIds[5]!;
  const first = sample(lines(1)[0]!);
  first.labels[0] = first.inputIds[0]!;
  const matches = await matchSamples([wrong, first], data, model, "trl");
  expect(matches.map(({ verdict }) => verdict)).toEqual(["mask differs", "as predicted"]);
});

test("a mask that the engine lost (TRL #3728: by packing; #3484 and #3781: by the liger kernel) is told", async () => {
  const whole = sample(lines(2)[1]!);
  const packed = sample(lines(2)[1]!, lines(1)[0]!);
  for (const lost of [whole, packed]) lost.labels = [...lost.inputIds];
  const matches = await matchSamples([whole, packed], data, model, "trl");
  expect(matches.map(({ verdict }) => verdict)).toEqual(["mask differs", "mask differs"]);
});

test("tokens that no row becomes are told beside the nearest prediction", async () => {
  const strange = sample(lines(2)[1]!);
  strange.inputIds.splice(-4, 1);
  strange.labels.splice(-4, 1);
  const [match] = await matchSamples([strange], data, model, "trl");
  expect(match).toMatchObject({ verdict: "not predicted", places: [{ line: 2 }] });
});
