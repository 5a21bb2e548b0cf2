// Revisions as a lock pins them, above all of the embedded model, which comes from two places with different weights.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { commit } from "../../test/fake-hub.js";
import { emptyFolder } from "../../test/project.js";
import { findEmbedded, wheelRevision } from "./embedded.js";
import { knownRevision, newestRevision } from "./pin-revision.js";
import { type ResolvedModel, resolveModel } from "./resolve.js";

const id = "HuggingFaceTB/SmolLM2-135M-Instruct";

/** A machine whose cache has the Hub's snapshot, and no network. */
function machine() {
  const home = emptyFolder();
  const model = join(home, "hub", `models--${id.replace("/", "--")}`);
  const snapshot = join(model, "snapshots", commit);
  for (const dir of [snapshot, join(model, "refs")]) mkdirSync(dir, { recursive: true });
  writeFileSync(join(model, "refs/main"), commit);
  for (const name of ["config.json", "tokenizer.json", "model.safetensors"]) writeFileSync(join(snapshot, name), "{}");
  const env = { HF_HOME: home, HF_ENDPOINT: "http://127.0.0.1:9", FT_CACHE: join(home, "ft") };
  return { env, snapshot, model: resolveModel("smollm2-135m", { cwd: home, env }) };
}

const at = (model: ResolvedModel, revision: string) => ({ ...model, revision }) as ResolvedModel;

test("the embedded model pinned to its wheel is not taken from the Hub's cache, nor the other way round", async () => {
  const { env, snapshot } = machine();
  expect(await findEmbedded(id, "main", env)).toEqual({ dir: snapshot, revision: commit });
  expect(await findEmbedded(id, commit, env)).toEqual({ dir: snapshot, revision: commit });
  expect(await findEmbedded(id, wheelRevision, env)).toBeNull();
});

test("what is known without network: an exact revision, a folder's, a branch only when it is here", async () => {
  const { env, snapshot, model } = machine();
  const other = "f".repeat(40);
  expect(await knownRevision(model, { env })).toBe(commit);
  expect(await knownRevision(at(model, other), { env })).toBe(other);
  expect(await knownRevision(at(model, wheelRevision), { env })).toBe(wheelRevision);
  expect(await knownRevision(at(model, "v2"), { env })).toBeNull();
  expect(await knownRevision(resolveModel(snapshot, { cwd: "/", env }), { env })).toMatch(/^sha256:/);
});

test("where the Hub can't be reached the newest of the embedded model is its wheel, of any other model an error", async () => {
  const { env, model } = machine();
  expect(await newestRevision(model, { env })).toBe(wheelRevision);
  const hubModel = resolveModel("acme/base", { cwd: "/", env: { ...env, HF_HUB_OFFLINE: "1" } });
  await expect(newestRevision(hubModel, { env: { ...env, HF_HUB_OFFLINE: "1" } })).rejects.toMatchObject({
    code: "model.no-network",
    exit: "environment",
  });
});
