// `ft lock` through the command line: what it pins, that a Hub's branch stays where it is, and that each thing that moves is named.
import { cpSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { commit, type FakeHub, startFakeHub } from "../../test/fake-hub.js";
import { emptyFolder, requiredEnv, tinyProject } from "../../test/project.js";
import { runFt } from "../../test/run-ft.js";

const recipe = `name: tiny
model: { base: ./base, template: chat.jinja }
method: lora
objective: { type: grpo, rewards: [score.py:score], generations: 2 }
data: { train: rows.jsonl, eval_fraction: 0.2 }
train: { learning_rate: 1.0e-5 }
`;

describe("ft lock --check", () => {
  it.each([
    ["a data row", edit("rows.jsonl", "question 3", "question 33"), /rows\.jsonl: 20 rows, \w{12} -> 20 rows, \w{12}/],
    ["a recipe key", edit("ft.yaml", "1.0e-5", "2.0e-5"), /train\.learning_rate: 0\.00001 -> 0\.00002/],
    ["a key that ft chose", edit("ft.yaml", "train: {", "train: { epochs: 9,"), /train\.epochs: 1 -> 9/],
    ["the template", edit("chat.jinja", "role", "content"), /template: file:chat\.jinja \w{12} -> file:chat\.jinja/],
    ["a reward function", edit("score.py", "0.0", "1.0"), /score\.py: \w{12} -> \w{12}/],
    ["the base's weights", edit("base/model.safetensors", "\0", "\u0001"), /base: \.\/base @ sha256:\w{12} -> /],
    ["the base's tokenizer", edit("base/tokenizer.json", "{", "{ "), /base: \.\/base @ sha256:\w{12} -> /],
    [
      "the engine's version",
      edit("ft.lock.json", /"1\.16\.0"/g, '"1.15.0"'),
      /engine: trl 1\.15\.0, .* -> trl 1\.16\.0, /,
    ],
    ["the engine's requirements", edit("ft.lock.json", /"requirements": "\w+"/, '"requirements": "0"'), /engine: trl/],
    ["a part of the lock by hand", edit("ft.lock.json", /"key": "\w{4}/, '"key": "0000'), /key .*by hand/],
    ["the lock, torn by a merge", edit("ft.lock.json", "{", "<<<<<<< ours\n{"), /merge conflict markers/],
    ["the lock's version", edit("ft.lock.json", '"version": 1\n', '"version": 2\n'), /newer ft/],
  ])("ends with 3 and says what: %s", async (_, change, says) => {
    const { cwd, env } = localProject();
    expect((await runFt(["lock"], { cwd, env })).code).toBe(0);
    expect(await runFt(["lock", "--check"], { cwd, env })).toMatchObject({ code: 0 });
    change(cwd);
    const checked = await runFt(["lock", "--check"], { cwd, env });
    expect(checked.code, checked.err).toBe(3);
    expect(checked.err).toMatch(says);
  });
});

it("leaves out compute.budget, eval, gate, alerts and hub, which change nothing of what is trained", async () => {
  const { cwd, env } = localProject();
  expect((await runFt(["lock"], { cwd, env })).code).toBe(0);
  edit(
    "ft.yaml",
    "train: {",
    `compute: { budget: { hours: 3 } }
eval: { max_new_tokens: 16, metrics: [reward], suites: [{ type: builtin, name: general }] }
gate: { margin: 0.1, floors: { heldout/reward: 3 } }
alerts: { webhook: { url_env: HOOK } }
hub: { repo: me/tiny }
train: {`,
  )(cwd);
  const checked = await runFt(["lock", "--check"], { cwd, env: { ...env, HF_TOKEN: "hf_secret" } });
  expect(checked.code, checked.err).toBe(0);
});

describe("ft lock with a model of the Hub", () => {
  const moved = "89abcdef0123456789abcdef0123456789abcdef";
  let hub: FakeHub;
  afterEach(() => hub.close());

  it("pins main by one request and stays there without any, until --update", async () => {
    hub = await startFakeHub("acme/tiny", {});
    const cwd = tinyProject();
    const file = join(cwd, "ft.yaml");
    writeFileSync(file, readFileSync(file, "utf8").replace(/base: [^ ]+/, "base: acme/tiny"));
    const env = { HF_HOME: join(cwd, "hf"), HF_ENDPOINT: hub.url, FT_CACHE: emptyFolder() };
    const lock = async (...args: string[]) => runFt(["lock", ...args], { cwd, env });
    const pinned = () => JSON.parse(readFileSync(join(cwd, "ft.lock.json"), "utf8")).recipes["ft.yaml"].base.revision;

    expect(await lock("--check"), "nothing is locked yet").toMatchObject({ code: 3 });
    expect(hub.requests).toHaveLength(0);
    expect(await lock()).toMatchObject({ code: 0 });
    expect(pinned()).toBe(commit);
    expect(hub.requests).toHaveLength(1);

    hub.behaviour.main = moved;
    expect(await lock()).toMatchObject({ code: 0, err: expect.not.stringContaining("--update") });
    expect(await lock("--check")).toMatchObject({ code: 0 });
    expect(pinned()).toBe(commit);
    expect(hub.requests).toHaveLength(1);
    mkdirSync(join(cwd, "hf/hub/models--acme--tiny/refs"), { recursive: true });
    writeFileSync(join(cwd, "hf/hub/models--acme--tiny/refs/main"), moved);
    expect((await lock()).err).toContain("main of acme/tiny is at 89abcdef0123; the lock holds 0123456789ab");

    expect((await lock("--update")).out).toContain("base: acme/tiny @ 0123456789ab -> acme/tiny @ 89abcdef0123");
    expect(pinned()).toBe(moved);
  });
});

describe("ft lock with a dataset of the Hub", () => {
  const moved = "89abcdef0123456789abcdef0123456789abcdef";
  let hub: FakeHub;
  afterEach(() => hub.close());

  it("pins its commit beside the rows, stays there until --update, and --check makes no request", async () => {
    const { cwd, env: own } = localProject();
    hub = await startFakeHub(
      "acme/rows",
      { "train.jsonl": readFileSync(join(cwd, "rows.jsonl")) },
      { type: "dataset" },
    );
    const env = { ...own, HF_HOME: join(cwd, "hf"), HF_ENDPOINT: hub.url, FT_CACHE: emptyFolder() };
    edit("ft.yaml", "train: rows.jsonl", "train: hf://datasets/acme/rows")(cwd);
    const lock = async (...args: string[]) => runFt(["lock", ...args], { cwd, env });
    const entry = () => JSON.parse(readFileSync(join(cwd, "ft.lock.json"), "utf8")).recipes["ft.yaml"];

    const unknown = await lock("--check");
    expect(unknown.code, unknown.err).toBe(6);
    expect(unknown.err).toContain("acme/rows is not (all) in the cache");
    expect(hub.requests).toHaveLength(0);
    expect(await lock()).toMatchObject({ code: 0 });
    expect(entry().hub).toEqual({ "hf://datasets/acme/rows@main": commit });
    expect(entry().data["hf://datasets/acme/rows/train.jsonl"]).toMatchObject({ rows: 20 });

    const asked = hub.requests.length;
    hub.behaviour.main = moved;
    expect(await lock()).toMatchObject({ code: 0 });
    expect(await lock("--check")).toMatchObject({ code: 0 });
    expect(await runFt(["render"], { cwd, env })).toMatchObject({ code: 0 });
    expect(hub.requests).toHaveLength(asked);
    expect((await lock("--update")).out).toContain("hf://datasets/acme/rows@main: 0123456789ab -> 89abcdef0123");
    expect(entry().hub).toEqual({ "hf://datasets/acme/rows@main": moved });
  });
});

/** A recipe with everything that can drift. */
function localProject(): { cwd: string; env: Record<string, string> } {
  const cwd = emptyFolder();
  cpSync(requiredEnv("FT_TEST_TINY_MODEL"), join(cwd, "base"), { recursive: true });
  const rows = Array.from({ length: 20 }, (_, n) =>
    JSON.stringify({ prompt: [{ role: "user", content: `question ${n}` }] }),
  );
  writeFileSync(join(cwd, "rows.jsonl"), `${rows.join("\n")}\n`);
  writeFileSync(join(cwd, "chat.jinja"), "{% for message in messages %}{{ message.role }}{% endfor %}");
  writeFileSync(join(cwd, "score.py"), "def score(completions, **_):\n    return [0.0 for _ in completions]\n");
  writeFileSync(join(cwd, "ft.yaml"), recipe);
  return { cwd, env: { FT_CACHE: emptyFolder() } };
}

/** Byte for byte: weights too. */
function edit(file: string, from: string | RegExp, to: string): (cwd: string) => void {
  return (cwd) => {
    const before = readFileSync(join(cwd, file), "latin1");
    const after = before.replace(from, to);
    expect(after).not.toBe(before);
    writeFileSync(join(cwd, file), after, "latin1");
  };
}
