// Whatever a template does to a row, the prediction says it.
import { expect, test } from "vitest";
import type { CanonicalRow } from "../canonical.js";
import { loadMaskModel } from "./load-mask-model.js";
import { predictMask } from "./predict-mask.js";

const row: CanonicalRow = {
  kind: "messages",
  messages: [
    { role: "user", content: "q" },
    { role: "assistant", content: "a" },
  ],
};

async function predict(source: string, engine: "trl" | "axolotl" | "unsloth") {
  const dir = process.env.FT_TEST_MODEL as string;
  const template = { source, sha256: "", origin: "test", hasGenerationMarkers: false };
  return predictMask(row, await loadMaskModel({ dir, template, trainOn: "assistant", maxLength: 64 }), engine);
}

test.each(["trl", "axolotl", "unsloth"] as const)("%s", async (engine) => {
  expect(await predict("{{ raise_exception('no') }}", engine)).toEqual({ unknown: "no", refused: true });
  expect(await predict("{{ messages|map('upper') }}", engine)).toEqual({
    unknown: "ft cannot tell what this chat template renders: it needs the text of a generator object holds an address",
  });
  expect(await predict("{{ 'a' * 10**10 }}", engine)).toEqual({
    unknown: expect.stringContaining("the chat template was stopped"),
    costly: true,
  });
});
