// A converted GGUF counts only while its manifest is there and every file is as it was written.
import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { findConverted } from "./gguf.js";

const ggufSha256 = "ab".repeat(32);

function makeConverted() {
  const env = { FT_CACHE: mkdtempSync(join(tmpdir(), "ft-gguf-")) };
  const dir = join(env.FT_CACHE, "models", ggufSha256);
  mkdirSync(dir, { recursive: true });
  writeFileSync(join(dir, "model.safetensors"), "weights");
  const sha256 = createHash("sha256").update("weights").digest("hex");
  const files = [{ name: "model.safetensors", size: 7, sha256 }];
  writeFileSync(join(dir, "ft-model.json"), JSON.stringify({ version: 2, ggufSha256, ggufName: "a.gguf", files }));
  return { env, dir };
}

test("an intact conversion is found", async () => {
  const { env, dir } = makeConverted();
  expect(await findConverted(env, ggufSha256)).toBe(dir);
});

test.each([
  ["without its manifest", (dir: string) => rmSync(join(dir, "ft-model.json"))],
  ["with a torn manifest", (dir: string) => writeFileSync(join(dir, "ft-model.json"), '{"version": 1')],
  ["with a missing file", (dir: string) => rmSync(join(dir, "model.safetensors"))],
  ["with a cut file", (dir: string) => writeFileSync(join(dir, "model.safetensors"), "weigh")],
  ["with a changed file of the same size", (dir: string) => changeInPlace(join(dir, "model.safetensors"))],
])("a conversion %s does not count", async (_, damage) => {
  const { env, dir } = makeConverted();
  await findConverted(env, ggufSha256);
  damage(dir);
  expect(await findConverted(env, ggufSha256)).toBeNull();
});

function changeInPlace(file: string): void {
  writeFileSync(file, "weighty".slice(0, 7));
  utimesSync(file, new Date(1e9), new Date(1e9));
}
