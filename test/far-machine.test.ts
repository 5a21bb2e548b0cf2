// A job folder on a machine where ft never was: run.py --prepare makes the environment that ft would make, and fetches the base.
import { chmodSync, existsSync, mkdirSync, readFileSync, readlinkSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { execa } from "execa";
import { expect, onTestFinished, test } from "vitest";
import { readEngineLock } from "../src/engines/env/engine-lock.js";
import { ensureEnvironment } from "../src/engines/env/ensure-environment.js";
import { listEnvironments } from "../src/engines/env/list-environments.js";
import { readMarker } from "../src/engines/env/marker.js";
import { cachedSnapshot } from "../src/models/hub-cache.js";
import { copyTrainer } from "../src/pipeline/job-folder.js";
import { parseEvent } from "../src/runs/ingest.js";
import type { Job } from "../src/runs/job.js";
import { commit, startFakeHub } from "./fake-hub.js";
import { fakeJob, until } from "./fake-run.js";
import { emptyFolder } from "./project.js";

const engine = { name: "trl", version: "1.16.0" };
const lock = readEngineLock(engine);

interface Machine {
  env: Record<string, string>;
  /** What uv was asked for, in order. */
  calls(): string[];
}

/** A machine whose uv makes a venv with a Python that answers as the real check would. */
function machine({ gpu, install = ":" }: { gpu: boolean; install?: string }): Machine {
  const home = emptyFolder();
  const program = (path: string, text: string) => {
    writeFileSync(join(home, path), `#!/bin/sh\n${text}\n`);
    chmodSync(join(home, path), 0o755);
  };
  mkdirSync(join(home, "bin"));
  const pins = [...lock.text.matchAll(/^([\w-]+)==([^ ]+)/gm)].map(([, name, version]) => [name, version]);
  const versions = Object.fromEntries(pins) as Record<string, string>;
  program("python", `echo '${JSON.stringify({ python: "3.12.1", torch: "2.15.0", accelerated: gpu, versions })}'`);
  program(
    "bin/uv",
    `[ "$1" = --version ] && echo "uv 0.13.9" && exit
echo "$1" >> ${home}/log
case "$1" in
  venv) for dir; do :; done; mkdir -p "$dir/bin"; cp ${home}/python "$dir/bin/python" ;;
  pip) echo "Downloading torch (500.0MiB)" >&2; echo " Downloaded torch" >&2; ${install} ;;
esac`,
  );
  const answer = 'case "$1" in *index,uuid*) echo "0, GPU-1, 580.1";; *) echo "H100, 580.1, 81559, 9.0";; esac';
  if (gpu) program("bin/nvidia-smi", answer);
  const env = { PATH: `${home}/bin:${process.env.PATH}`, HOME: home, FT_CACHE: join(home, "ft") };
  return { env, calls: () => readFileSync(join(home, "log"), "utf8").trim().split("\n") };
}

/** A job without steps: preparing is all of it. */
async function job(model: Partial<Job["model"]> = {}): Promise<string> {
  const dir = emptyFolder();
  await copyTrainer(engine, join(dir, "trainer"));
  const written = { ...fakeJob("far"), engine, heartbeatSeconds: 0.2 };
  writeFileSync(join(dir, "job.json"), JSON.stringify({ ...written, model: { ...written.model, ...model } }));
  symlinkSync(model.path ?? emptyFolder(), join(dir, "model"));
  return dir;
}

function prepare(dir: string, env: Record<string, string>, ...args: string[]) {
  return execa("python3", ["trainer/run.py", "--prepare", ...args], { cwd: dir, env, reject: false });
}

function events(dir: string) {
  return readFileSync(join(dir, "events.jsonl"), "utf8")
    .split("\n")
    .map(parseEvent)
    .filter((event) => event !== null);
}

const quiet = { onProgress: () => undefined };

test.each([
  ["a GPU", true, ["venv", "pip"]],
  ["CPUs alone", false, ["venv", "pip", "pip", "pip"]],
])("ft and run.py find each other's environment on a machine with %s, and make it alike", async (_, gpu, steps) => {
  const [one, other] = [machine({ gpu }), machine({ gpu })];
  const byFt = await ensureEnvironment(engine, { env: one.env, ...quiet });
  expect((await prepare(await job(), one.env)).exitCode).toBe(0);
  expect(one.calls()).toEqual(steps);

  const dir = await job();
  expect((await prepare(dir, other.env)).exitCode).toBe(0);
  expect(events(dir)).toContainEqual(expect.objectContaining({ kind: "progress", done: 500 * 2 ** 20, unit: "bytes" }));
  const byPython = await ensureEnvironment(engine, { env: other.env, ...quiet });
  expect(other.calls()).toEqual(steps);
  expect(byPython.name).toBe(byFt.name);
  const [{ createdAt: _made, ...marker }, { createdAt: _also, ...same }] = [
    (await readMarker(byFt.dir))!,
    (await readMarker(byPython.dir))!,
  ];
  expect(same).toEqual(marker);
});

test("ft and run.py at the same time make it once", async () => {
  const { env, calls } = machine({ gpu: true, install: "sleep 0.7" });
  const [made] = await Promise.all([prepare(await job(), env), ensureEnvironment(engine, { env, ...quiet })]);
  expect(made.exitCode).toBe(0);
  expect(calls()).toEqual(["venv", "pip"]);
});

test("run.py beats while it makes the environment, and when stopped then it ends at once and leaves nothing half-made", async () => {
  const { env } = machine({ gpu: true, install: "exec sleep 60" });
  const dir = await job();
  const running = prepare(dir, env);
  await until(
    async () => (await listEnvironments(env)).length > 0 && events(dir).some(({ kind }) => kind === "system"),
  );
  running.kill("SIGTERM");
  expect((await running).exitCode).toBe(33);
  expect(await listEnvironments(env)).toEqual([]);
  expect(existsSync(join(env.FT_CACHE!, "envs", `trl-1.16.0-cuda-${lock.hash}.lock`))).toBe(false);
});

test("what uv refuses is told with its class, and nothing is left", async () => {
  const { env } = machine({ gpu: true, install: "echo 'No space left on device (os error 28)' >&2; exit 2" });
  const dir = await job();
  expect((await prepare(dir, env)).exitCode).toBe(41);
  expect(events(dir)).toContainEqual(expect.objectContaining({ kind: "error", class: "disk-full" }));
  expect(await listEnvironments(env)).toEqual([]);
});

test("a machine without uv, and without an index to get it from, is told so", { timeout: 120_000 }, async () => {
  const { env } = machine({ gpu: true });
  const dir = await job();
  const result = await prepare(dir, {
    ...env,
    PATH: "/usr/bin:/bin",
    PIP_INDEX_URL: "http://127.0.0.1:9",
    PIP_RETRIES: "0",
  });
  expect(result.exitCode).toBe(47);
  expect(events(dir)).toContainEqual(
    expect.objectContaining({
      kind: "error",
      class: "dependency",
      message: expect.stringContaining("can't install uv"),
    }),
  );
});

/** The files of a small model, as far as fetching looks at them; and what must not come along. */
const files = {
  "config.json": Buffer.from('{"model_type":"llama"}'),
  "tokenizer.json": Buffer.from("{}"),
  "model.safetensors": Buffer.alloc(5000, 7),
  "pytorch_model.bin": Buffer.alloc(5000, 8),
};

test("a base that is not here comes from the Hub at its commit, once", { timeout: 120_000 }, async () => {
  const hub = await startFakeHub("acme/tiny", files);
  onTestFinished(() => hub.close());
  const home = emptyFolder();
  const env = { HF_ENDPOINT: hub.url, HF_HOME: home, HF_HUB_DISABLE_XET: "1", FT_RETRY_SECONDS: "0" };
  const base = { id: "acme/tiny", path: "/nowhere", hub: { id: "acme/tiny", revision: commit } };
  const dir = await job(base);
  const python = process.env.FT_TEST_PYTHON!;
  hub.behaviour.unavailable = 1;
  const { exitCode } = await prepare(dir, env, "--python", python);
  expect(exitCode, readFileSync(join(dir, "stdout.log"), "utf8")).toBe(0);
  expect(readFileSync(join(dir, "model/model.safetensors"))).toEqual(files["model.safetensors"]);
  expect(existsSync(join(dir, "model/pytorch_model.bin"))).toBe(false);
  expect(readlinkSync(join(dir, "model"))).toBe(cachedSnapshot(env, "acme/tiny", commit)?.dir);

  const asked = hub.requests.length;
  const again = await job(base);
  expect((await prepare(again, env, "--python", python)).exitCode).toBe(0);
  expect(hub.requests.length).toBe(asked);
  expect(readlinkSync(join(again, "model"))).toBe(readlinkSync(join(dir, "model")));
});

test("a base behind a licence, and one that is only on the other machine, are told by name", async () => {
  const hub = await startFakeHub("acme/tiny", files);
  onTestFinished(() => hub.close());
  hub.behaviour.gated = true;
  const env = { HF_ENDPOINT: hub.url, HF_HOME: emptyFolder(), HF_HUB_DISABLE_XET: "1" };
  const gated = await job({ path: "/nowhere", hub: { id: "acme/tiny", revision: commit } });
  expect((await prepare(gated, env, "--python", process.env.FT_TEST_PYTHON!)).exitCode).toBe(42);
  const local = await job({ asked: "./my-base", path: "/nowhere/my-base" });
  expect((await prepare(local, env, "--python", "python3")).exitCode).toBe(45);
  expect(events(local)).toContainEqual(
    expect.objectContaining({
      class: "data",
      message: expect.stringMatching(/base \.\/my-base is not on this machine.*\/nowhere\/my-base/),
    }),
  );
});

test("caches that the run may not write to are named before any step", async () => {
  const hub = await startFakeHub("acme/tiny", files);
  onTestFinished(() => hub.close());
  // Not even root makes a folder in /sys.
  const base = await job({ path: "/nowhere", hub: { id: "acme/tiny", revision: commit } });
  const python = ["--python", process.env.FT_TEST_PYTHON!];
  expect((await prepare(base, { HF_ENDPOINT: hub.url, HF_HOME: "/sys/hub" }, ...python)).exitCode).toBe(51);
  const environment = await job();
  expect((await prepare(environment, { ...machine({ gpu: true }).env, FT_CACHE: "/sys/ft" })).exitCode).toBe(51);
  const told = [base, environment].map((dir) => events(dir).find(({ kind }) => kind === "error"));
  expect(told).toMatchObject([
    { class: "permission", message: expect.stringMatching(/base can't be written.*\/sys\/hub/) },
    { class: "permission", message: expect.stringContaining("/sys/ft") },
  ]);
});
