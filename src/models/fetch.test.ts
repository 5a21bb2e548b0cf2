// Fetching from a Hub over real HTTP into a real cache folder: what is asked for, resumed, verified, and refused.
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { commit, type FakeHub, startFakeHub } from "../../test/fake-hub.js";
import { fetchModel } from "./fetch.js";
import { resolveModel } from "./resolve.js";

const id = "acme/tiny";
const weights = Buffer.alloc(300_000, "w");
const files = {
  "README.md": Buffer.from("# tiny"),
  "config.json": Buffer.from('{"model_type":"llama","max_position_embeddings":2048}'),
  "tokenizer.json": Buffer.from("{}"),
  "tokenizer_config.json": Buffer.from('{"chat_template":"{{ messages }}"}'),
  "model.safetensors": weights,
  "pytorch_model.bin": Buffer.alloc(2000, "p"),
  "tiny.Q4_0.gguf": Buffer.alloc(2000, "g"),
  "onnx/model.onnx": Buffer.alloc(2000, "o"),
};

let hub: FakeHub;
let home: string;

beforeEach(async () => {
  hub = await startFakeHub(id, files);
  home = mkdtempSync(join(tmpdir(), "ft-hub-"));
});
afterEach(() => hub.close());

async function fetchTiny({
  asked = id,
  revision,
  env = {},
  weights = true,
}: {
  weights?: boolean;
  asked?: string;
  revision?: string;
  env?: Record<string, string>;
} = {}) {
  const world = { HOME: home, HF_HOME: home, HF_ENDPOINT: hub.url, FT_CACHE: join(home, "ft"), ...env };
  const unused = () => Promise.reject(new Error("not needed for a hub model"));
  return fetchModel(resolveModel(asked, { cwd: home, revision, env: world }), {
    env: world,
    cwd: home,
    template: "auto",
    weights,
    python: unused,
    uv: unused,
    onProgress: () => undefined,
  });
}

test("for a run that another machine executes only the tokenizer and the config come here; the weights follow when they are needed", async () => {
  const facts = await fetchTiny({ weights: false });
  expect(facts).toMatchObject({ revision: commit, maxContext: 2048 });
  expect(existsSync(join(facts.dir!, "model.safetensors"))).toBe(false);
  expect(readFileSync(join((await fetchTiny()).dir!, "model.safetensors"))).toEqual(weights);
});

const blobDir = () => join(home, "hub/models--acme--tiny/blobs");
const fileRequests = () => hub.requests.filter((line) => line.includes("/resolve/") && !line.endsWith("bytes=0-0"));

test("the standard cache gets only what training needs, at a pinned commit, and the second time asks nobody", async () => {
  const facts = await fetchTiny();
  expect(facts).toMatchObject({ source: "hub", id, revision: commit, maxContext: 2048, family: "llama" });
  expect(facts.template).toMatchObject({ source: "{{ messages }}", origin: "model", hasGenerationMarkers: false });
  expect(facts.dir).toBe(join(home, "hub/models--acme--tiny/snapshots", commit));
  expect(readdirSync(facts.dir ?? "").sort()).toEqual([
    "config.json",
    "model.safetensors",
    "tokenizer.json",
    "tokenizer_config.json",
  ]);
  expect(readFileSync(join(home, "hub/models--acme--tiny/refs/main"), "utf8")).toBe(commit);
  const asked = hub.requests.length;
  expect(await fetchTiny()).toEqual(facts);
  expect(hub.requests).toHaveLength(asked);
});

test("a connection that breaks in the middle is taken up where it broke", async () => {
  hub.behaviour.cutAfter = 100_000;
  const facts = await fetchTiny();
  expect(readFileSync(join(facts.dir ?? "", "model.safetensors")).equals(weights)).toBe(true);
  expect(fileRequests().at(-1)).toMatch(/model\.safetensors bytes=\d+-$/);
});

test("what an interrupted ft left is continued, not fetched again", async () => {
  mkdirSync(blobDir(), { recursive: true });
  await fetchTiny();
  const blob = readdirSync(blobDir()).find((name) => name.length === 64) ?? "";
  const other = mkdtempSync(join(tmpdir(), "ft-hub-"));
  home = other;
  mkdirSync(blobDir(), { recursive: true });
  writeFileSync(join(blobDir(), `${blob}.incomplete`), weights.subarray(0, 250_000));
  await fetchTiny();
  expect(fileRequests().at(-1)).toMatch(/bytes=250000-$/);
});

test("bytes that do not match their hash are fetched once more, then refused and not kept", async () => {
  hub.behaviour.corrupt = 1;
  await fetchTiny();
  home = mkdtempSync(join(tmpdir(), "ft-hub-"));
  hub.behaviour.corrupt = 2;
  await expect(fetchTiny()).rejects.toMatchObject({ code: "model.corrupt", exit: "refused" });
  expect(readdirSync(blobDir()).some((name) => name.endsWith(".incomplete"))).toBe(false);
});

test("a hub that is unavailable for a moment is asked again", async () => {
  hub.behaviour.unavailable = 2;
  expect((await fetchTiny()).revision).toBe(commit);
});

test.each([
  ["a model that doesn't exist", { asked: "acme/nothing" }, {}, { code: "model.not-found", exit: "recipe" }],
  ["a revision that doesn't exist", { revision: "v9" }, {}, { code: "model.revision-not-found", exit: "recipe" }],
  [
    "a gated model without a token",
    {},
    { gated: true },
    { code: "model.gated", exit: "refused", next: expect.stringContaining("HF_TOKEN") },
  ],
  [
    "a gated model with a token",
    { env: { HF_TOKEN: "hf_secret" } },
    { gated: true },
    { code: "model.gated", exit: "refused", next: expect.stringContaining("account of your token") },
  ],
  [
    "offline and not in the cache",
    { env: { HF_HUB_OFFLINE: "1" } },
    {},
    { code: "model.no-network", exit: "environment" },
  ],
])("%s is one clear error", async (_, request, behaviour, expected) => {
  Object.assign(hub.behaviour, behaviour);
  const error = await fetchTiny(request).catch((reason: unknown) => reason);
  expect(error).toMatchObject(expected);
  expect(JSON.stringify(error)).not.toContain("hf_secret");
});

test("no network is an environment error that names the hub", async () => {
  const env = { HF_ENDPOINT: "http://127.0.0.1:9" };
  await expect(fetchTiny({ env })).rejects.toMatchObject({ code: "model.no-network", exit: "environment" });
  expect(existsSync(join(home, "hub"))).toBe(false);
});
