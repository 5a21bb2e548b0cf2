// Datasets of a Hub over real HTTP into a real cache folder: what is asked for, pinned, kept for later, and refused.
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { commit, type FakeHub, startFakeHub } from "../../../test/fake-hub.js";
import { parseHubAddress } from "./address.js";
import { fetchDataset, type HubDataOptions } from "./fetch-dataset.js";

const id = "acme/chats";
const [newer, converted] = ["1".repeat(40), "2".repeat(40)];
const train = Buffer.from('{"text": "a row"}\n'.repeat(500));
const files = {
  "README.md": Buffer.from(
    "---\nconfigs:\n- config_name: en\n  data_files: en/*.jsonl\n- config_name: de\n  data_files: de.jsonl\n---\n",
  ),
  "en/train-1.jsonl": train,
  "en/train-2.jsonl": Buffer.from('{"text": "b"}\n'),
  "de.jsonl": Buffer.from('{"text": "c"}\n'),
  "big.bin": Buffer.alloc(5000, "b"),
};

let hub: FakeHub;
let home: string;

async function serve(content: Record<string, Buffer> = files, branches = {}): Promise<void> {
  await hub?.close();
  hub = await startFakeHub(id, content, { type: "dataset", branches });
}

beforeEach(async () => {
  await serve();
  home = mkdtempSync(join(tmpdir(), "ft-hub-data-"));
});
afterEach(() => hub.close());

function fetchIt(query = "?config=en", options: Partial<HubDataOptions> = {}) {
  const env = { HOME: home, HF_HOME: home, HF_ENDPOINT: hub.url, FT_CACHE: join(home, "ft"), ...options.env };
  return fetchDataset(parseHubAddress(`hf://datasets/${id}${query}`), {
    onProgress: () => undefined,
    ...options,
    env,
  });
}

const cacheDir = () => join(home, "hub/datasets--acme--chats");

test("the standard cache gets the files of the split, at a pinned commit, and the second time asks nobody", async () => {
  const fetched = await fetchIt();
  expect([...fetched.files.keys()]).toEqual([
    "hf://datasets/acme/chats/en/train-1.jsonl",
    "hf://datasets/acme/chats/en/train-2.jsonl",
  ]);
  expect([...fetched.files.values()].map((path) => readFileSync(path).length)).toEqual([train.length, 14]);
  expect(fetched.pins).toEqual({ "hf://datasets/acme/chats@main": commit });
  expect(readdirSync(join(cacheDir(), "snapshots", commit)).sort()).toEqual(["README.md", "en"]);
  expect(readFileSync(join(cacheDir(), "refs/main"), "utf8")).toBe(commit);
  const asked = hub.requests.length;
  expect(await fetchIt()).toEqual(fetched);
  expect(await fetchIt("?config=en", { env: { HF_HUB_OFFLINE: "1" } })).toEqual(fetched);
  expect(hub.requests).toHaveLength(asked);
});

test("a branch that moved is followed when asked for; a pin is kept, and does not move the cache's branch", async () => {
  await fetchIt();
  hub.behaviour.main = newer;
  expect((await fetchIt()).pins).toEqual({ "hf://datasets/acme/chats@main": commit });
  expect((await fetchIt("?config=en", { newest: true })).pins).toEqual({ "hf://datasets/acme/chats@main": newer });
  const pins = { "hf://datasets/acme/chats@main": commit };
  expect((await fetchIt("?config=de", { pins })).pins).toEqual(pins);
  expect(readFileSync(join(cacheDir(), "refs/main"), "utf8")).toBe(newer);
});

test("a path inside the repository, at a commit", async () => {
  const fetched = await fetchIt(`@${commit}/en/*-2.jsonl`);
  expect([...fetched.files.keys()]).toEqual([`hf://datasets/acme/chats@${commit}/en/train-2.jsonl`]);
  await expect(fetchIt("/en/train-3.jsonl")).rejects.toMatchObject({
    code: "data.hub-files",
    next: "did you mean en/train-1.jsonl?",
  });
});

test("a repository without data files of its own is read as the Hub converted it", async () => {
  const parquet = Buffer.from("PAR1....PAR1");
  const branches = {
    "refs/convert/parquet": { commit: converted, files: { "default/train/0000.parquet": parquet } },
  };
  await serve({ "chats.py": Buffer.from("import datasets"), "photos.zip": Buffer.alloc(10) }, branches);
  const fetched = await fetchIt("");
  expect([...fetched.files.keys()]).toEqual([
    "hf://datasets/acme/chats@refs/convert/parquet/default/train/0000.parquet",
  ]);
  expect(fetched.pins).toEqual({
    "hf://datasets/acme/chats@main": commit,
    "hf://datasets/acme/chats@refs/convert/parquet": converted,
  });
  await serve({ "chats.py": Buffer.from("import datasets") });
  await expect(fetchIt("", { newest: true })).rejects.toMatchObject({ code: "data.hub-files", exit: "data" });
});

test("a connection that breaks in the middle is taken up where it broke, and a busy Hub is asked again", async () => {
  hub.behaviour.unavailable = 2;
  hub.behaviour.cutAfter = 4000;
  const [first] = [...(await fetchIt()).files.values()];
  expect(readFileSync(first!).equals(train)).toBe(true);
  expect(hub.requests.some((line) => /train-1\.jsonl bytes=\d{4}-$/.test(line))).toBe(true);
});

const refusals: {
  name: string;
  query?: string;
  asked?: string;
  env?: Record<string, string>;
  prepare?: () => void;
  code: string;
  exit: string;
}[] = [
  { name: "a dataset that is not there", asked: "acme/chat", code: "data.not-found", exit: "data" },
  { name: "a revision that is not there", query: "@v9", code: "data.revision-not-found", exit: "data" },
  {
    name: "a gated dataset",
    prepare: () => {
      hub.behaviour.gated = true;
    },
    code: "data.gated",
    exit: "refused",
  },
  {
    name: "bytes that never match their hash",
    prepare: () => {
      hub.behaviour.corrupt = 2;
    },
    code: "data.corrupt",
    exit: "refused",
  },
  { name: "no network allowed", env: { HF_HUB_OFFLINE: "1" }, code: "data.no-network", exit: "environment" },
  { name: "several configs", query: "", code: "data.hub-config", exit: "data" },
];

test.each(refusals)("$name is $code", async ({ query = "?config=en", asked = id, env = {}, prepare, code, exit }) => {
  prepare?.();
  const address = parseHubAddress(`hf://datasets/${asked}${query}`);
  const world = { HOME: home, HF_HOME: home, HF_ENDPOINT: hub.url, FT_CACHE: join(home, "ft"), ...env };
  const fetching = fetchDataset(address, { env: world, onProgress: () => undefined });
  await expect(fetching).rejects.toMatchObject({ code, exit, next: expect.any(String) });
});

test("what `hf download` put into the cache is used offline, unless a part is missing", async () => {
  const snapshot = join(cacheDir(), "snapshots", commit);
  const put = (path: string, text: string) => {
    mkdirSync(dirname(join(cacheDir(), path)), { recursive: true });
    writeFileSync(join(cacheDir(), path), text);
  };
  put("refs/main", commit);
  put(`snapshots/${commit}/data/train-00000-of-00002.jsonl`, "{}\n");
  const offline = { env: { HF_HUB_OFFLINE: "1" } };
  await expect(fetchIt("", offline)).rejects.toMatchObject({ code: "data.no-network" });
  put(`snapshots/${commit}/data/train-00001-of-00002.jsonl`, "{}\n");
  expect([...(await fetchIt("", offline)).files.values()]).toEqual([
    join(snapshot, "data/train-00000-of-00002.jsonl"),
    join(snapshot, "data/train-00001-of-00002.jsonl"),
  ]);
  expect(existsSync(join(home, "ft"))).toBe(false);
});
