// What a person is told of a container engine that cannot take a run, or ended it: with real daemons, each failure made for real.
import { existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { readEngineLock } from "../../src/engines/env/engine-lock.js";
import { imageTag } from "../../src/engines/image/image-spec.js";
import { dockerLauncher } from "../../src/launchers/docker/index.js";
import { reconcile } from "../../src/pipeline/reconcile.js";
import { submitAttempt } from "../../src/pipeline/submit.js";
import { targetSchema } from "../../src/recipes/schema/targets.js";
import { createRun, getRun } from "../../src/runs/run-store.js";
import { isFinal } from "../../src/runs/state.js";
import { openStore } from "../../src/store/open.js";
import { type FakeRun, fakeRun, supervisedRun, until } from "../fake-run.js";
import { emptyFolder, ft, tinyProject } from "../project.js";
import { runFt } from "../run-ft.js";
import { debianImage } from "../services/debian-image.js";
import { type Dockerd, startDockerd } from "../services/dockerd.js";
import { freePort } from "../services/programs.js";
import { startSlowRegistry } from "../services/slow-registry.js";

let dockerd: Dockerd | null = null;
let debian: string | null = null;

beforeAll(async () => {
  dockerd = await startDockerd();
  if (!dockerd) return;
  debian = await debianImage(dockerd);
  process.env.DOCKER_HOST = dockerd.host;
}, 10 * 60_000);

afterAll(async () => void (await dockerd?.stop()), 60_000);

function targetOf(keys: object) {
  return { name: "box", settings: targetSchema.parse({ launcher: "docker", network: "host", ...keys }) };
}

function newId(): string {
  return `20260101-120000-m${process.pid.toString(36)}${Math.random().toString(36).slice(2, 6)}`;
}

/** A configuration with one target, box. */
function configWith(keys: object): { XDG_CONFIG_HOME: string } {
  const config = emptyFolder();
  mkdirSync(join(config, "ft"));
  const box = { launcher: "docker", network: "host", ...keys };
  writeFileSync(join(config, "ft/targets.yaml"), `targets:\n  box: ${JSON.stringify(box)}\n`);
  return { XDG_CONFIG_HOME: config };
}

/** In the store as `ft run` leaves it. */
async function submit(
  run: FakeRun,
  { signal = new AbortController().signal, onProgress = (_: { label: string }) => {} } = {},
) {
  const store = openStore(run.projectDir);
  onTestFinished(() => void store.close());
  createRun(store, { ...run.job, createdAt: Date.now() });
  const submitted = submitAttempt(store, run.submission, {
    env: run.submission.env,
    now: Date.now,
    onProgress,
    signal,
  });
  return {
    store,
    error: await submitted.then(
      () => null,
      (error: unknown) => error,
    ),
  };
}

async function failureOf(run: FakeRun) {
  const { store, error } = await submit(run);
  expect(error).toBeNull();
  await until(async () => isFinal((await reconcile(store, run.projectDir, run.id, Date.now())).state), 60_000);
  return getRun(store, run.id).failure!;
}

describe("a run in a container", { timeout: 180_000 }, () => {
  it("is refused before anything is written where no daemon answers, with what to start", async () => {
    const dir = tinyProject();
    const env = { DOCKER_HOST: `unix://${join(emptyFolder(), "nobody.sock")}` };
    const { exitCode, stderr } = await ft(["run", "--on", "docker"], dir, env);
    expect([exitCode, stderr]).toEqual([6, expect.stringMatching(/docker on this machine has no daemon that answers/)]);
    expect(stderr).toMatch(/systemctl start docker.*DOCKER_HOST/s);
    expect(existsSync(join(dir, ".ft/runs")) ? readdirSync(join(dir, ".ft/runs")) : []).toEqual([]);
  });

  it("is told of DOCKER_HOST where that leads to no machine, not of a target's key that nobody wrote", async () => {
    const env = { DOCKER_HOST: `ssh://127.0.0.1:${await freePort()}/run/docker.sock` };
    const { exitCode, stderr } = await ft(["doctor", "--on", "docker"], tinyProject(), env);
    expect([exitCode, stderr]).toEqual([6, expect.stringMatching(/Connection refused.*mend the port in DOCKER_HOST/s)]);
  });

  it("whose user cannot write the run's folder failed for its permission, not by a kill", async ({ skip }) => {
    if (!debian) return skip();
    const target = targetOf({ image: debian, user: "12345:12345" });
    const run = fakeRun("losses 1 0", { id: newId(), target });
    const failure = await failureOf(run);
    expect(failure).toMatchObject({
      class: "permission",
      message: expect.stringMatching(/stdout\.log: Permission denied/),
    });
    expect(failure.hint).toContain("`user: me`");
    for (const command of ["watch", "show"]) {
      const { exitCode, stdout, stderr } = await ft(["runs", command, run.id], run.projectDir);
      expect(exitCode).toBe(command === "watch" ? 7 : 0);
      const told = command === "watch" ? stderr.slice(stderr.indexOf("error: ")) : stdout;
      expect(told.match(/ft runs (logs|resume)/g), told).toEqual(["ft runs logs", "ft runs resume"]); // each next step once
    }
  });

  it("without the engine in its image is told of `prepare: true` and `ft image build`", async ({ skip }) => {
    if (!debian) return skip();
    const run = supervisedRun("", { id: newId(), target: targetOf({ image: debian }) });
    const step = { name: "train" as const, module: "ft_trainer.trl_train", args: ["config.json"] };
    const job = { ...run.job, steps: [step] };
    writeFileSync(join(run.dir, "job.json"), JSON.stringify(job));
    const failure = await failureOf({ ...run, job, submission: { ...run.submission, job } });
    expect(failure.class).toBe("dependency");
    expect(failure.hint).toMatch(new RegExp(`${debian} lacks it: set \`prepare: true\`.*ft image build`));
  });

  it("of another engine than its image's is not started", async ({ skip }) => {
    if (!debian) return skip();
    await labelled("other-engine:1", { name: "axolotl", version: "0.21.0" });
    const run = fakeRun("losses 1 0", { id: newId(), target: targetOf({ image: "other-engine:1" }) });
    const { store, error } = await submit(run);
    expect(error).toMatchObject({ code: "launcher.no-engine", message: expect.stringContaining("has axolotl 0.21.0") });
    expect(getRun(store, run.id)).toMatchObject({ state: "failed", failure: { class: "dependency" } });
  });

  it("whose image is pulled says how far that is; Ctrl-C ends the pull, and the run is cancelled", async ({ skip }) => {
    if (!dockerd) return skip();
    const registry = await startSlowRegistry();
    onTestFinished(registry.close);
    const run = fakeRun("losses 1 0", { id: newId(), target: targetOf({ image: registry.image }) });
    const stop = new AbortController();
    const labels: string[] = [];
    const submitting = submit(run, { signal: stop.signal, onProgress: ({ label }) => labels.push(label) });
    await until(() => labels.at(-1)?.endsWith("of 2 layers") === true && registry.waiting() > 0, 60_000);
    expect(labels[0]).toBe(`this machine pulls ${registry.image}`);
    stop.abort();
    const { store } = await submitting;
    expect(getRun(store, run.id)).toMatchObject({ state: "cancelled", handle: null });
  });

  it("whose image cannot be pulled failed with a class, by what the registry says", async ({ skip }) => {
    if (!dockerd) return skip();
    const answers = { 404: "MANIFEST_UNKNOWN", 401: "UNAUTHORIZED", 429: "TOOMANYREQUESTS" };
    const server = createServer(({ url = "" }, response) => {
      const status = Number(/refusing-(\d+)/.exec(url)?.[1] ?? 200);
      const code = answers[status as keyof typeof answers];
      const headers = { "content-type": "application/json" };
      response
        .writeHead(status, headers)
        .end(code ? JSON.stringify({ errors: [{ code, message: code.toLowerCase() }] }) : "{}");
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => void server.close());
    const registry = `127.0.0.1:${(server.address() as AddressInfo).port}`;
    const classOf = async (image: string) => {
      const run = fakeRun("losses 1 0", { id: newId(), target: targetOf({ image }) });
      const { store, error } = await submit(run);
      expect(error).toMatchObject({ exit: "environment", next: expect.any(String) });
      const failure = getRun(store, run.id).failure!;
      return [failure.class, failure.message];
    };
    expect(await classOf(`${registry}/refusing-404:1`)).toEqual([
      "dependency",
      expect.stringContaining("has no image"),
    ]);
    expect(await classOf(`${registry}/refusing-401:1`)).toEqual(["auth", expect.stringContaining("does not give out")]);
    expect(await classOf(`${registry}/refusing-429:1`)).toEqual(["network", expect.stringContaining("asked later")]);
    expect(await classOf("localhost:9/nope:1")).toEqual(["network", expect.stringMatching(/does not answer.*refused/)]);
  });

  it("that was made but never started is queued, then gone; cancelling takes it away", async ({ skip }) => {
    if (!debian) return skip();
    const run = fakeRun("hang", { id: newId(), target: targetOf({ image: debian }) });
    const name = `ft-${run.id}-1`;
    await execa("docker", ["create", "--name", name, "--label", `ft.run=${run.id}`, debian, "sleep", "600"]);
    const handle = (await dockerLauncher.find(run.dir, 1))!;
    expect((await dockerLauncher.observe(handle, { inode: 0, offset: 0 })).liveness).toBe("queued");
    await dockerLauncher.cancel(handle, 0);
    expect((await execa("docker", ["ps", "-aq", "--filter", `name=${name}`])).stdout).toBe("");
  });
});

describe("doctor on a container target", { timeout: 120_000 }, () => {
  it("wants an image of an engine at the version that ft pins, and names those that are not", async ({ skip }) => {
    if (!dockerd) return skip();
    const lock = readEngineLock({ name: "trl", version: "1.16.0" });
    const image = async (keys: object) => {
      const { out } = await runFt(["doctor", "--on", "box", "--json"], { cwd: emptyFolder(), env: configWith(keys) });
      return JSON.parse(out).checks.find(({ name }: { name: string }) => name === "image");
    };
    await labelled("ft-trainer:trl-0.9.0-cpu-00000000", { name: "trl", version: "0.9.0" });
    expect(await image({})).toMatchObject({
      status: "missing",
      detail: expect.stringContaining("of other versions: ft-trainer:trl-0.9.0-cpu-00000000"),
      next: expect.stringContaining("ft image build --engine trl@1.16.0"),
    });
    expect(await image({ image: "ft-trainer:trl-0.9.0-cpu-00000000" })).toMatchObject({
      status: "warn",
      detail: expect.stringContaining("has trl 0.9.0"),
    });
    await labelled(imageTag(lock, "cpu"), { name: "trl", version: "1.16.0" });
    expect(await image({})).toMatchObject({ status: "ok", detail: "made by ft: trl 1.16.0" });
    if (debian) expect(await image({ image: debian })).toMatchObject({ status: "warn", detail: /has no engine/ });
  });
});

/** An image with ft's labels, and nothing in it. */
async function labelled(tag: string, { name, version }: { name: string; version: string }): Promise<void> {
  const change = ["--change", `LABEL ft.engine=${name}`, "--change", `LABEL ft.engine-version=${version}`];
  await execa("docker", ["import", ...change, "-", tag], { input: Buffer.alloc(1024) });
}
