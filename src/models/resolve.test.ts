// What a person may type as model.base, and what ft makes of it.
import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { catalogue, findAlias } from "./catalogue.js";
import { describeModel } from "./describe.js";
import { misnamed } from "./misnamed.js";
import { resolveModel } from "./resolve.js";

const cwd = mkdtempSync(join(tmpdir(), "ft-resolve-"));
const env = { HOME: cwd, FT_CACHE: join(cwd, "cache") };
const resolve = (asked: string, revision?: string) => resolveModel(asked, { cwd, env, revision });

function makeFolder(name: string, files: Record<string, string>): string {
  const dir = join(cwd, name);
  mkdirSync(dir, { recursive: true });
  for (const [file, content] of Object.entries(files)) writeFileSync(join(dir, file), content);
  return dir;
}

const complete = {
  "config.json": '{"model_type":"qwen3","max_position_embeddings":4096}',
  "tokenizer.json": "{}",
  "model.safetensors": "weights",
};

test("an alias is a hub model with its facts from the catalogue", () => {
  expect(resolve("qwen3-8b", "v1")).toMatchObject({
    source: "hub",
    id: "Qwen/Qwen3-8B",
    revision: "v1",
    family: "qwen3",
    notice: null,
  });
  expect(resolve("SmolLM2-135M")).toMatchObject({ source: "embedded", id: "HuggingFaceTB/SmolLM2-135M-Instruct" });
});

test("llama4-8b, which doesn't exist, becomes llama3.1-8b and says so with the other two ways", () => {
  const model = resolve("llama4-8b");
  expect(model).toMatchObject({ source: "hub", id: "meta-llama/Llama-3.1-8B-Instruct", asked: "llama4-8b" });
  expect(model.notice).toMatch(/Meta never released.*llama3\.1-8b.*llama4-scout.*EU.*qwen3-8b/);
});

test("every misnamed model leads to an alias that exists and hides none that does", () => {
  for (const { typed, use } of misnamed) {
    expect(findAlias(use), typed).toBeDefined();
    expect(findAlias(typed), typed).toBeUndefined();
  }
  expect(new Set(catalogue().map(({ alias }) => alias)).size).toBe(catalogue().length);
});

test("any org/name is a hub model, unless a folder of that name is here", () => {
  expect(resolve("acme/base")).toMatchObject({ source: "hub", id: "acme/base", revision: "main" });
  makeFolder("acme/base", complete);
  expect(resolve("acme/base")).toMatchObject({
    source: "folder",
    id: join(cwd, "acme/base"),
    family: "qwen3",
    maxContext: 4096,
  });
});

test("a folder's revision is a hash of what training reads: weights, config, tokenizer; not its notes", async () => {
  const options = { env, cwd, template: "auto" };
  const one = await describeModel(resolve(makeFolder("one", complete)), options);
  const two = await describeModel(resolve(makeFolder("two", { ...complete, "notes.md": "hello" })), options);
  const three = await describeModel(
    resolve(makeFolder("three", { ...complete, "model.safetensors": "WEIGHTS" })),
    options,
  );
  expect(one.revision).toMatch(/^sha256:[0-9a-f]{64}$/);
  expect(two.revision).toBe(one.revision);
  const four = await describeModel(
    resolve(makeFolder("four", { ...complete, "chat_template.jinja": "{{ messages }}" })),
    options,
  );
  expect(new Set([one, three, four].map(({ revision }) => revision)).size).toBe(3);
});

test("an incomplete folder is told part by part", () => {
  const index = '{"weight_map":{"a":"model-00001-of-00002.safetensors","b":"model-00002-of-00002.safetensors"}}';
  const dir = makeFolder("half", {
    "config.json": "{}",
    "model.safetensors.index.json": index,
    "model-00001-of-00002.safetensors": "x",
  });
  expect(() => resolve(dir)).toThrow(
    expect.objectContaining({
      code: "model.incomplete",
      exit: "recipe",
      problems: [
        { message: expect.stringContaining("a tokenizer") },
        { message: "missing: model-00002-of-00002.safetensors" },
      ],
    }),
  );
});

test.each([
  ["qwen3-8bb", undefined, "model.unknown", /qwen3-8b/],
  ["gpt-5", undefined, "model.unknown", undefined],
  ["./nowhere", undefined, "model.missing", undefined],
  ["missing.gguf", undefined, "model.missing", undefined],
  ["./acme/base", "main", "model.revision", undefined],
])("%s is refused with a recipe error", (asked, revision, code, why) => {
  makeFolder("acme/base", complete);
  const expected = { code, exit: "recipe", ...(why ? { why: expect.stringMatching(why) } : {}) };
  expect(() => resolve(asked, revision)).toThrow(expect.objectContaining(expected));
});

test("before a model is fetched its facts come from the catalogue, and what isn't known is null", async () => {
  const facts = await describeModel(resolve("llama3.1-8b"), { env, cwd, template: "auto" });
  expect(facts).toMatchObject({ revision: null, dir: null, template: null, maxContext: 131072, family: "llama" });
});
