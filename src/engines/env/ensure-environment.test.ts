// Making environments with a stand-in uv program: what is ready is reused, what is half-made never, and nobody makes it twice.
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import type { Device } from "../machine.js";
import { readEngineLock, withoutTorch } from "./engine-lock.js";
import { ensureEnvironment } from "./ensure-environment.js";
import { listEnvironments, removeEnvironment } from "./list-environments.js";

const lock = readEngineLock({ name: "trl", version: "1.16.0" });
const device: Device = {
  kind: "cuda",
  count: 1,
  bf16: true,
  names: ["H100"],
  driver: "580.1",
  memoryBytes: [],
  problem: null,
};

/** A world whose uv makes a venv with a Python that answers as the real check would; `install` is what `uv pip install` does. */
function world(install = "") {
  const home = mkdtempSync(join(tmpdir(), "ft-env-"));
  const bin = join(home, "bin");
  mkdirSync(bin);
  const pins = [...lock.text.matchAll(/^([\w-]+)==([^ ]+)/gm)].map(([, name, version]) => [name, version]);
  const answer = JSON.stringify({
    python: "3.12.1",
    torch: "2.15.0",
    accelerated: true,
    versions: Object.fromEntries(pins),
  });
  writeFileSync(join(home, "python"), `#!/bin/sh\necho '${answer}'\n`);
  const uv = `#!/bin/sh
[ "$1" = --version ] && echo "uv 0.13.9" && exit
echo "$1" >> ${home}/log
case "$1" in
  venv) for dir; do :; done; mkdir -p "$dir/bin"; cp ${home}/python "$dir/bin/python"; chmod +x "$dir/bin/python" ;;
  pip) echo "Downloading torch (500.0MiB)" >&2; echo " Downloaded torch" >&2; ${install || ":"} ;;
esac`;
  writeFileSync(join(bin, "uv"), uv);
  chmodSync(join(bin, "uv"), 0o755);
  const env = { PATH: `${bin}:/usr/bin:/bin`, HOME: home, FT_CACHE: join(home, "ft") };
  return { env, calls: () => readFileSync(join(home, "log"), "utf8").trim().split("\n") };
}

const quiet = { device, onProgress: () => undefined };

test("made once, found again, named after engine, version, accelerator and lock", async () => {
  const { env, calls } = world();
  const labels: unknown[] = [];
  const made = await ensureEnvironment(
    { name: "trl", version: "1.16.0" },
    { env, device, onProgress: (progress) => labels.push(progress) },
  );
  expect(made).toMatchObject({ name: `trl-${lock.version}-cuda-${lock.hash}`, version: lock.version, notice: null });
  expect(labels).toContainEqual({ label: "downloading packages", doneBytes: 500 * 2 ** 20, totalBytes: 500 * 2 ** 20 });
  expect(await ensureEnvironment({ name: "trl", version: "1.16.0" }, { env, ...quiet })).toEqual(made);
  expect(calls()).toEqual(["venv", "pip"]);
});

test("two at the same time: one makes it, the other waits and uses it", async () => {
  const { env, calls } = world("sleep 0.4");
  const [one, two] = await Promise.all([
    ensureEnvironment({ name: "trl", version: "1.16.0" }, { env, ...quiet }),
    ensureEnvironment({ name: "trl", version: "1.16.0" }, { env, ...quiet }),
  ]);
  expect(one).toEqual(two);
  expect(calls()).toEqual(["venv", "pip"]);
});

test("a folder without its marker is rebuilt", async () => {
  const { env, calls } = world();
  const { dir } = await ensureEnvironment({ name: "trl", version: "1.16.0" }, { env, ...quiet });
  writeFileSync(join(dir, "ft-env.json"), "{");
  writeFileSync(join(dir, "leftover"), "");
  expect((await listEnvironments(env))[0]?.marker).toBeNull();
  await ensureEnvironment({ name: "trl", version: "1.16.0" }, { env, ...quiet });
  expect(existsSync(join(dir, "leftover"))).toBe(false);
  expect(calls()).toEqual(["venv", "pip", "venv", "pip"]);
});

test("interrupted, nothing is left behind", async () => {
  const { env } = world("exec sleep 30");
  const controller = new AbortController();
  const making = ensureEnvironment({ name: "trl", version: "1.16.0" }, { env, ...quiet, signal: controller.signal });
  await sleep(500);
  controller.abort();
  await expect(making).rejects.toMatchObject({ name: "AbortError" });
  expect(await listEnvironments(env)).toEqual([]);
});

test.each([
  [
    "a full disk",
    "echo 'No space left on device (os error 28)' >&2; exit 2",
    { code: "env.disk-full", message: expect.stringMatching(/envs.* needs 6\.00 GB/) },
  ],
  [
    "a failed install",
    "echo 'error: hash mismatch for torch' >&2; exit 1",
    { code: "env.install", why: expect.stringContaining("hash mismatch") },
  ],
  [
    "a network with a certificate of its own",
    "echo 'cause: invalid peer certificate: UnknownIssuer' >&2; exit 1",
    { code: "env.install", next: expect.stringContaining("UV_SYSTEM_CERTS=1") },
  ],
])("%s is told plainly, and nothing half-made is left", async (_, install, expected) => {
  const { env } = world(install);
  await expect(ensureEnvironment({ name: "trl", version: "1.16.0" }, { env, ...quiet })).rejects.toMatchObject({
    exit: "environment",
    ...expected,
  });
  expect(await listEnvironments(env)).toEqual([]);
});

test("without uv and without Python, the next step is told", async () => {
  const home = mkdtempSync(join(tmpdir(), "ft-env-"));
  const env = { PATH: home, HOME: home, FT_CACHE: join(home, "ft") };
  await expect(ensureEnvironment({ name: "trl", version: "1.16.0" }, { env, ...quiet })).rejects.toMatchObject({
    code: "env.no-python",
    exit: "environment",
  });
});

test("removing takes an exact name", async () => {
  const { env } = world();
  const { name, dir } = await ensureEnvironment({ name: "trl", version: "1.16.0" }, { env, ...quiet });
  await expect(removeEnvironment("trl", env)).rejects.toMatchObject({
    code: "env.unknown",
    why: `did you mean ${name}?`,
  });
  await removeEnvironment(name, env);
  expect(existsSync(dir)).toBe(false);
});

test("the lock without torch still pins the engine, and no CUDA package", () => {
  const rest = withoutTorch(lock.text);
  expect(rest).toMatch(/^trl==/m);
  expect(rest).not.toMatch(/^(torch|triton|nvidia-|cuda-)/m);
  expect(rest).toMatch(/^transformers==/m);
});
