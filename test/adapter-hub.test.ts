// Adapters to the Hub and back, by the built binary against a small Hub over real HTTP: whole or not at all, whatever happens on the way.
import { generateKeyPairSync } from "node:crypto";
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, it } from "vitest";
import { type AdapterProject, adapterProject } from "./adapter-project.js";
import { type FakeHub, startFakeHub } from "./fake-hub.js";
import { emptyFolder, ft, requiredEnv } from "./project.js";

const minutes = 5 * 60_000;
const hubs: FakeHub[] = [];
afterEach(async () => {
  for (const hub of hubs.splice(0)) await hub.close();
});

async function newHub(options: { isNew?: boolean; files?: Record<string, Buffer> } = {}): Promise<FakeHub> {
  const hub = await startFakeHub("me/bot", options.files ?? {}, { isNew: options.isNew ?? true });
  hubs.push(hub);
  return hub;
}

/** Without the cache of models of this machine. */
const home = emptyFolder();
const on = (hub: FakeHub, line: string, { dir = "", token = "hf_secret" }: { dir?: string; token?: string } = {}) =>
  ft(line.split(" "), dir, { HF_ENDPOINT: hub.url, HF_HOME: home, ...(token ? { HF_TOKEN: token } : {}) });
const push = (hub: FakeHub, { dir }: AdapterProject, line = "support-bot --repo me/bot") =>
  on(hub, `adapters push ${line}`, { dir });
const pull = (hub: FakeHub, dir: string, line = "me/bot", token?: string) =>
  on(hub, `adapters pull ${line}`, { dir, ...(token === undefined ? {} : { token }) });

it("pushes one private commit on top of the head, tagged, and pulls it elsewhere with its lineage", {
  timeout: minutes,
}, async () => {
  const project = await adapterProject({ versions: 2 });
  const hub = await newHub();
  writeFileSync(join(project.folder(1), "secret.env"), "HF_TOKEN=hf_secret"); // lies beside, was never registered
  expect((await push(hub, project, "support-bot@1 --repo me/bot")).stdout).toBe(
    `pushed support-bot@1  ${hub.url}/me/bot/tree/v1`,
  );
  expect(hub.writes.isPrivate).toBe(true);
  const files = hub.writes.refs.v1!.files;
  expect(Object.keys(files).sort()).toEqual([
    "README.md",
    "adapter_config.json",
    "adapter_model.safetensors",
    "ft-lineage.json",
    "tokenizer.json",
  ]);
  expect(files["README.md"]!.toString()).toContain('PeftModel.from_pretrained(base, "me/bot", revision="v1")');
  expect(JSON.parse((await push(hub, project, "support-bot@2 --repo me/bot --json")).stdout)).toMatchObject({
    ok: true,
    tag: "v2",
    isNew: true,
  });
  expect(hub.writes.refs.main).toEqual(hub.writes.refs.v2);

  const elsewhere = emptyFolder();
  expect((await pull(hub, elsewhere, "me/bot@1")).stdout).toContain("pulled support-bot@1");
  expect(JSON.parse((await pull(hub, elsewhere, "me/bot --json")).stdout)).toMatchObject({
    adapter: "support-bot@2",
    isNew: true,
  });
  const shown = JSON.parse((await on(hub, "adapters show support-bot@1 --json", { dir: elsewhere })).stdout).adapter;
  expect(shown).toMatchObject({
    ...{ run: "run-1", base: { id: "tiny-llama", revision: "abc" }, sources: { "data/tickets.jsonl": { rows: 100 } } },
    origin: { repo: "me/bot", commit: hub.writes.refs.v1!.commit },
  });
  expect((await on(hub, "adapters verify support-bot@1", { dir: elsewhere })).exitCode).toBe(0);
  expect((await pull(hub, elsewhere, "me/bot@1")).stdout).toContain("is registered already");
  rmSync(join(elsewhere, ".ft/ft.db"));
  expect(JSON.parse((await on(hub, "adapters ls --json", { dir: elsewhere })).stdout).adapters).toHaveLength(2);
  await on(hub, "adapters gc --keep 1 --yes", { dir: elsewhere });
  expect((await pull(hub, elsewhere, "me/bot@1")).stdout).toContain("pulled support-bot@1"); // the removed weights are back
  expect((await on(hub, "adapters verify support-bot@1", { dir: elsewhere })).exitCode).toBe(0);
});

it("pushes to a branch and in public when told to, and never by default into what is public", {
  timeout: minutes,
}, async () => {
  const project = await adapterProject({ versions: 1 });
  const open = await newHub();
  await push(open, project, "support-bot --repo me/bot --public --branch next");
  expect(open.writes.isPrivate).toBe(false);
  expect(open.writes.refs.next!.files["adapter_model.safetensors"]).toBeDefined();
  expect(open.writes.refs.main).toBeUndefined();
  const before = open.requests.length;
  expect(await push(open, project, "support-bot --repo me/bot")).toMatchObject({
    exitCode: 2,
    stderr: expect.stringContaining("me/bot is public"),
  });
  expect(open.requests.slice(before).filter((request) => /PUT|commit/.test(request))).toEqual([]);
});

it("tells where the base is a folder of this machine, and pushes that in private alone", {
  timeout: minutes,
}, async () => {
  const base = { id: "/home/ada/models/tiny-llama", revision: `sha256:${"b".repeat(64)}` };
  const project = await adapterProject({
    versions: 1,
    base: () => base,
    spoil: (_, folder) => {
      const file = join(folder, "adapter_config.json");
      const config = JSON.parse(readFileSync(file, "utf8"));
      writeFileSync(file, JSON.stringify({ ...config, base_model_name_or_path: base.id }));
    },
  });
  const hub = await newHub();
  const open = await push(hub, project, "support-bot --repo me/bot --public");
  expect(open).toMatchObject({ exitCode: 2, stderr: expect.stringContaining(`${base.id} would stand in`) });
  const recipe = `name: tiny\nmodel: { base: ${requiredEnv("FT_TEST_TINY_MODEL")} }\nmethod: lora\ndata: { train: x.jsonl }\nhub: { repo: me/bot, private: false }\n`;
  writeFileSync(join(project.dir, "ft.yaml"), recipe);
  const trained = await on(hub, "run", { dir: project.dir });
  expect(trained).toMatchObject({ exitCode: 2, stderr: expect.stringContaining("is a folder of this machine") });
  expect(hub.requests).toEqual([]);
  const closed = await push(hub, project);
  expect(closed).toMatchObject({
    exitCode: 0,
    stderr: expect.stringContaining(`a folder of this machine, ${base.id},`),
  });
});

it("goes on with an upload that was killed: what arrived is not sent again", { timeout: minutes }, async () => {
  const project = await adapterProject({ versions: 1 });
  const hub = await newHub();
  let child: ReturnType<typeof push>;
  // The weights (4 parts) go through; the tokenizer's second part never ends.
  hub.writes.onPart = async (_oid, part) => {
    if (part < 5) return;
    while (hub.writes.objects.size === 0) await new Promise((resolve) => setTimeout(resolve, 10));
    child.kill("SIGKILL");
    await new Promise((resolve) => setTimeout(resolve, 200));
  };
  child = push(hub, project);
  expect((await child).signal).toBe("SIGKILL");
  expect(hub.writes.refs).toEqual({}); // no commit, no tag
  hub.writes.onPart = () => {};
  const [sent] = hub.writes.objects.keys();
  const before = hub.requests.length;
  expect((await push(hub, project)).exitCode).toBe(0);
  const again = hub.requests.slice(before).filter((request) => request.startsWith("PUT"));
  expect(again.length).toBeGreaterThan(0);
  expect(again.filter((request) => request.includes(sent!))).toEqual([]);
  // Once more: there is nothing to do.
  expect((await push(hub, project)).stdout).toContain("is there already");
});

it("does not write over another writer, and takes its own commit for its own when the answer was lost", {
  timeout: minutes,
}, async () => {
  const project = await adapterProject({ versions: 1 });
  const hub = await newHub();
  hub.writes.onCommit = () => {
    hub.writes.refs.main = { commit: "f".repeat(40), files: { "other.txt": Buffer.from("theirs") } };
    hub.writes.onCommit = () => {};
  };
  expect(await push(hub, project)).toMatchObject({
    exitCode: 11,
    stderr: expect.stringContaining("someone else wrote to me/bot meanwhile"),
  });
  expect(Object.keys(hub.writes.refs.main!.files)).toEqual(["other.txt"]);
  expect((await push(hub, project)).exitCode).toBe(0); // on top of theirs
  expect(Object.keys(hub.writes.refs.v1!.files)).toContain("other.txt");

  const lossy = await newHub();
  lossy.behaviour.refuse = { of: /^POST .*\/tag\//, status: 500, times: 9 };
  expect((await push(lossy, project)).exitCode).toBe(11); // committed, not tagged
  lossy.behaviour.refuse = null;
  const head = lossy.writes.refs.main!.commit;
  expect((await push(lossy, project)).exitCode).toBe(0);
  expect(lossy.writes.refs.v1!.commit).toBe(head); // no second commit
});

it("does not replace a version that is there, and notices what arrived changed", { timeout: minutes }, async () => {
  const [one, two] = [
    await adapterProject({ versions: 1 }),
    await adapterProject({ versions: 1, newestAt: 1_700_000_000_000 }),
  ];
  const hub = await newHub();
  await push(hub, one);
  const before = hub.writes.refs.main;
  expect(await push(hub, two)).toMatchObject({
    exitCode: 11,
    stderr: expect.stringContaining("me/bot has another v1"),
  });
  expect(hub.writes.refs.main).toBe(before);
  const spoiling = await newHub();
  spoiling.writes.spoil = true;
  expect(await push(spoiling, one)).toMatchObject({
    exitCode: 11,
    stderr: expect.stringContaining("arrived on the Hub as something else"),
  });
  expect(spoiling.writes.refs.v1).toBeUndefined();
});

it("does not mix two lines in a repository", { timeout: minutes }, async () => {
  const project = await adapterProject({ versions: 2 });
  const hub = await newHub();
  await push(hub, project, "support-bot@1 --repo me/bot");
  const { "ft-lineage.json": lineage, ...files } = hub.writes.refs.main!.files;
  const renamed = Buffer.from(lineage!.toString().replace('"support-bot"', '"triage"'));
  const triage = { commit: "d".repeat(40), files: { ...files, "ft-lineage.json": renamed } };
  hub.writes.refs = { main: triage, v1: triage };
  expect(await push(hub, project, "support-bot@2 --repo me/bot")).toMatchObject({
    exitCode: 11,
    stderr: expect.stringContaining("me/bot holds triage@1, and support-bot@2 is of another line"),
  });
  expect(hub.writes.refs).toEqual({ main: triage, v1: triage });
});

it("pushes nothing without a token, or from a folder that changed", { timeout: minutes }, async () => {
  const project = await adapterProject({ versions: 1 });
  const hub = await newHub();
  const command = "adapters push support-bot --repo me/bot";
  expect(await on(hub, command, { dir: project.dir, token: "" })).toMatchObject({
    exitCode: 6,
    stderr: expect.stringContaining("there is no token for the Hub"),
  });
  writeFileSync(join(project.folder(1), "adapter_config.json"), "{}");
  const changed = await push(hub, project);
  expect(changed).toMatchObject({ exitCode: 4, stderr: expect.stringContaining("adapter_config.json was changed") });
  expect(hub.requests).toEqual([]);
});

it.each([
  [401, 11, "does not take your token"],
  [403, 11, "your token may not do this in me/bot"],
  [404, 11, "the Hub has no me/bot"],
  [409, 11, "someone else wrote to me/bot"],
  [429, 11, "the Hub wants fewer requests"],
  [503, 11, "the Hub has a fault"],
])(
  "says what a %i means, tells no token, and leaves nothing behind",
  { timeout: minutes },
  async (status, exitCode, words) => {
    const project = await adapterProject({ versions: 1 });
    const hub = await newHub({ isNew: false });
    hub.behaviour.refuse = { of: /^POST .*\/(commit|preupload)\//, status, times: 99 };
    const pushed = await push(hub, project);
    expect(pushed).toMatchObject({ exitCode, stderr: expect.stringContaining(words) });
    expect(hub.writes.refs).toEqual({});
    hub.behaviour.refuse = { of: /^GET .*\/revision\//, status, times: 99 };
    const elsewhere = emptyFolder();
    const pulled = await pull(hub, elsewhere);
    expect(pulled).toMatchObject({
      exitCode,
      stderr: expect.stringContaining(status === 404 ? "the Hub has no me/bot" : words.split(" in ")[0]!),
    });
    expect(existsSync(join(elsewhere, ".ft/adapters"))).toBe(false);
    for (const { stdout, stderr } of [pushed, pulled]) expect(stdout + stderr).not.toContain("hf_secret");
  },
);

it("waits as long as the Hub says and tries again, but not for ever", { timeout: minutes }, async () => {
  const project = await adapterProject({ versions: 1 });
  const hub = await newHub();
  hub.behaviour.refuse = { of: /^POST .*\/commit\//, status: 429, times: 1, retryAfter: "2" };
  const started = Date.now();
  expect((await push(hub, project)).exitCode).toBe(0);
  expect(Date.now() - started).toBeGreaterThanOrEqual(2_000);
  const closed = await newHub();
  closed.behaviour.refuse = { of: /./, status: 503, times: 99, retryAfter: "3600" };
  const refused = await push(closed, project);
  expect(refused).toMatchObject({ exitCode: 11, stderr: expect.stringContaining("it asks to wait 60 min") });
  expect(closed.requests).toHaveLength(1); // an hour is not waited for
});

it("registers nothing of a download that is broken, foreign, or not by ft, and goes on with one that broke", {
  timeout: minutes,
}, async () => {
  const project = await adapterProject({ versions: 1 });
  const hub = await newHub();
  await push(hub, project);
  const elsewhere = emptyFolder();
  hub.behaviour.corrupt = 1;
  const lineage = await pull(hub, elsewhere);
  expect(lineage).toMatchObject({
    exitCode: 11,
    stderr: expect.stringContaining("ft-lineage.json: what the Hub sends does not"),
  });
  hub.behaviour.corruptOnly = /safetensors/;
  hub.behaviour.corrupt = 9;
  const weights = await pull(hub, elsewhere);
  expect(weights).toMatchObject({
    exitCode: 11,
    stderr: expect.stringContaining("model.safetensors: what the Hub sends does not"),
  });
  hub.behaviour.corrupt = 0;
  const nothing = async () =>
    JSON.parse((await on(hub, "adapters ls --all --json", { dir: elsewhere })).stdout).adapters;
  expect(await nothing()).toEqual([]);
  expect(readdirSync(join(elsewhere, ".ft/adapters")).filter((name) => !name.startsWith("."))).toEqual([]);

  const good = hub.writes.refs.main!;
  const changed = Buffer.from(good.files["adapter_model.safetensors"]!);
  changed[changed.length - 1]! ^= 1;
  hub.writes.refs.main = { commit: "a".repeat(40), files: { ...good.files, "adapter_model.safetensors": changed } };
  expect(await pull(hub, elsewhere)).toMatchObject({
    exitCode: 4,
    stderr: expect.stringContaining("is not what its lineage says"),
  });

  const hostile = JSON.parse(good.files["ft-lineage.json"]!.toString());
  hostile.files[0].path = "../../../evil.json";
  hub.writes.refs.main = {
    commit: "b".repeat(40),
    files: { ...good.files, "ft-lineage.json": Buffer.from(JSON.stringify(hostile)) },
  };
  expect(await pull(hub, elsewhere)).toMatchObject({
    exitCode: 4,
    stderr: expect.stringContaining("no file that an adapter consists of"),
  });

  const { "ft-lineage.json": _, ...foreign } = good.files;
  hub.writes.refs.main = { commit: "c".repeat(40), files: foreign };
  expect(await pull(hub, elsewhere)).toMatchObject({
    exitCode: 4,
    stderr: expect.stringContaining("is no adapter that ft pushed"),
  });
  expect(await pull(hub, elsewhere, "me/bot@9")).toMatchObject({
    exitCode: 2,
    stderr: expect.stringContaining("no version or revision v9"),
  });
  expect(await pull(hub, elsewhere, "bot")).toMatchObject({ exitCode: 2 });
  expect(await nothing()).toEqual([]);

  hub.behaviour.cutAfter = 100; // the connection breaks once in the lineage, which is small
  hub.writes.refs.main = good;
  expect((await pull(hub, emptyFolder())).exitCode).toBe(0);
  hub.behaviour.cutAfter = 2_000; // and once in the weights
  expect((await pull(hub, elsewhere, `me/bot --revision ${good.commit}`)).exitCode).toBe(0);
  expect(await nothing()).toHaveLength(1);
  expect(hub.requests.filter((request) => /bytes=[1-9]/.test(request))).toEqual([
    expect.stringMatching(/safetensors bytes=/),
  ]);
});

it("pulls only what is signed with the key that was named", { timeout: minutes }, async () => {
  const project = await adapterProject({ versions: 1 });
  const hub = await newHub();
  const keys = emptyFolder();
  for (const name of ["ours", "other"]) {
    const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "prime256v1" });
    writeFileSync(join(keys, `${name}.pem`), privateKey.export({ type: "pkcs8", format: "pem" }));
    writeFileSync(join(keys, `${name}.pub`), publicKey.export({ type: "spki", format: "pem" }));
  }
  await on(hub, `adapters sign support-bot --key ${keys}/ours.pem`, { dir: project.dir });
  expect((await push(hub, project)).exitCode).toBe(0);
  const elsewhere = emptyFolder();
  const refused = await pull(hub, elsewhere, `me/bot --key ${keys}/other.pub`);
  expect(refused).toMatchObject({ exitCode: 4, stderr: expect.stringContaining("signed with another key") });
  expect(JSON.parse((await on(hub, "adapters ls --json", { dir: elsewhere })).stdout).adapters).toEqual([]);
  expect((await pull(hub, elsewhere, `me/bot --key ${keys}/ours.pub`)).exitCode).toBe(0);
  expect((await pull(hub, elsewhere, `me/bot --key ${keys}/other.pub`)).exitCode).toBe(4); // also when it is here
  // Signed anew it is another version, and a version does not change.
  await on(hub, `adapters sign support-bot --key ${keys}/other.pem`, { dir: project.dir });
  expect(await push(hub, project)).toMatchObject({
    exitCode: 11,
    stderr: expect.stringContaining("me/bot has another v1"),
  });
});

it("does not take a pulled version for another of the same number, unless it joins another line", {
  timeout: minutes,
}, async () => {
  const [theirs, ours] = [await adapterProject({ versions: 1 }), await adapterProject({ versions: 1 })];
  const hub = await newHub();
  const lineage = join(theirs.folder(1), "ft-lineage.json");
  writeFileSync(lineage, readFileSync(lineage, "utf8").replaceAll("run-1", "run-of-theirs"));
  rmSync(join(theirs.dir, ".ft/ft.db"));
  expect((await push(hub, theirs)).exitCode).toBe(0);
  expect(await pull(hub, ours.dir)).toMatchObject({
    exitCode: 2,
    stderr: expect.stringContaining("support-bot@1 is another adapter here"),
  });
  expect((await pull(hub, ours.dir, "me/bot --as Their_Bot")).exitCode).toBe(2);
  expect((await pull(hub, ours.dir, "me/bot --as theirs")).stdout).toContain("pulled theirs@1");
  expect((await on(hub, "adapters verify theirs@1", { dir: ours.dir })).exitCode).toBe(0);
  expect(await pull(hub, ours.dir, "me/bot --as more")).toMatchObject({
    exitCode: 2,
    stderr: expect.stringContaining("it is theirs@1 here already"),
  });
});

it("registers a version once when several pull it at once, also one that comes back", {
  timeout: minutes,
}, async () => {
  const project = await adapterProject({ versions: 1 });
  const hub = await newHub();
  await push(hub, project);
  const elsewhere = emptyFolder();
  await on(hub, "adapters ls", { dir: elsewhere }); // the store is there
  for (const line of ["me/bot --as other", "me/bot"]) {
    const all = await Promise.all([1, 2, 3].map(() => pull(hub, elsewhere, line)));
    expect(all.map(({ stderr, exitCode }) => (exitCode === 0 ? "" : stderr))).toEqual(["", "", ""]);
    expect(all.map(({ stdout }) => stdout.split(":")[0]!.split("  ")[0]).sort()).toEqual([
      "is registered already",
      "is registered already",
      "pulled other@1",
    ]);
    expect(readdirSync(join(elsewhere, ".ft/adapters"))).toEqual(["other@1"]);
    await on(hub, "adapters gc --keep 0 --yes", { dir: elsewhere });
  }
});
