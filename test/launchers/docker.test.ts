// The docker launcher against the contract of all launchers and what goes wrong, with real daemons.
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { execa } from "execa";
import { afterAll, describe, expect, it } from "vitest";
import type { Launcher } from "../../src/launchers/contract.js";
import { dockerLauncher } from "../../src/launchers/docker/index.js";
import { ftCacheDir } from "../../src/paths.js";
import { reconcile } from "../../src/pipeline/reconcile.js";
import { type Target, targetSchema } from "../../src/recipes/schema/targets.js";
import { createRun, getRun, setHandle, transition } from "../../src/runs/run-store.js";
import { openStore } from "../../src/store/open.js";
import { type FakeRun, fakeRun, supervisedRun, until } from "../fake-run.js";
import { emptyFolder } from "../project.js";
import { debianImage } from "../services/debian-image.js";
import { type Dockerd, startDockerd } from "../services/dockerd.js";
import { conformance } from "./conformance.js";
import { type Faulty, faults } from "./faults.js";

/** Its containers outlive it. */
let lasting: Dockerd | null = null;
/** Its containers end with it, as Docker has it unless it is told otherwise. */
let plain: Dockerd | null = null;

async function targetOn(dockerd: Dockerd | null): Promise<Target | null> {
  const image = dockerd && (await debianImage(dockerd));
  if (image === null) return null;
  process.env.DOCKER_HOST = dockerd!.host;
  return targetSchema.parse({ launcher: "docker", image, network: "host" });
}

async function setUp(): Promise<Faulty | null> {
  lasting ??= await startDockerd({ liveRestore: true });
  const target = await targetOn(lasting);
  if (target === null) return null;
  return {
    launcher: dockerLauncher as Launcher<unknown>,
    target,
    killTrainer: async (run) => void (await execa("docker", ["kill", `ft-${run.id}-1`])),
    trainers: containersOf,
    restartDaemon: lasting!.restart,
  };
}

conformance("docker", setUp);
faults("docker", setUp);

describe("a run in a container", { timeout: 120_000 }, () => {
  it("whose daemon is killed ends with it, which is told; the next attempt goes on", async ({ skip }) => {
    plain ??= await startDockerd();
    const target = await targetOn(plain);
    if (target === null) return skip();
    const run = fakeRun("hang", { id: newId(), target: { name: "docker", settings: target } });
    const store = openStore(run.projectDir);
    createRun(store, { ...run.job, createdAt: Date.now() });
    transition(store, run.id, "preparing", Date.now());
    setHandle(store, getRun(store, run.id), await dockerLauncher.submit(run.submission));
    const state = async () => (await reconcile(store, run.projectDir, run.id, Date.now())).state;
    await until(async () => (await state()) === "running");
    await plain!.restart();
    await until(async () => (await state()) === "failed");
    const { failure } = await reconcile(store, run.projectDir, run.id, Date.now());
    expect(failure?.message).toMatch(/exit code \d+/);
    expect(await containersOf(run)).toBe(0);
    const next = await dockerLauncher.submit({ ...run.submission, attempt: 2, resume: true });
    expect((await dockerLauncher.observe(next, { inode: 0, offset: 0 })).liveness).toBe("running");
    await dockerLauncher.cancel(next, 0);
    store.close();
  });

  it("is asked to end: the supervisor saves a checkpoint within the grace, and the container ends with 33", async ({
    skip,
  }) => {
    const run = await supervised("checkpoint");
    if (run === null) return skip();
    const handle = await dockerLauncher.submit(run.submission);
    await until(() => events(run).includes('"training"'));
    await dockerLauncher.cancel(handle, 30_000);
    expect(events(run)).toMatch(/"checkpoint".*\n.*"end".*"cancelled"/s);
    const format = ["--format", "{{.State.ExitCode}}"];
    expect((await execa("docker", ["inspect", ...format, handle.id.container])).stdout).toBe("33");
    await dockerLauncher.collect(handle);
    expect((await execa("docker", ["ps", "-aq", "--filter", `label=ft.run=${run.id}`])).stdout).toBe("");
  });

  it("fills its disk at a checkpoint, and says so with its last words", async ({ skip }) => {
    const run = await supervised("save", "2m");
    if (run === null) return skip();
    try {
      const handle = await dockerLauncher.submit(run.submission);
      const look = () => dockerLauncher.observe(handle, { inode: 0, offset: 0 });
      await until(async () => (await look()).liveness === "ended");
      expect(events(run)).toMatch(/"disk-full".*\n.*"end".*"failed"/s);
      expect((await look()).reason).toContain("exit code 41");
      await dockerLauncher.collect(handle);
    } finally {
      await execa("umount", ["-l", run.projectDir]);
    }
  });

  it("that finds no image leaves no secret behind, and is told what to build", async ({ skip }) => {
    lasting ??= await startDockerd({ liveRestore: true });
    if (lasting === null) return skip();
    process.env.DOCKER_HOST = lasting.host;
    const engine = { name: "trl", version: "1.16.0" };
    const refusal = async (keys: object) => {
      const settings = targetSchema.parse({ launcher: "docker", ...keys });
      const run = fakeRun("losses 1 0", { id: newId(), target: { name: "docker", settings } });
      const job = { ...run.job, engine, gpus: 1 };
      writeFileSync(join(run.dir, "job.json"), JSON.stringify(job));
      const submission = { ...run.submission, job, secrets: { TOKEN: "left-behind" } };
      const error = await dockerLauncher.submit(submission).catch((error) => error);
      expect(readdirSync(join(ftCacheDir(process.env), "secrets")).filter((name) => name.includes(run.id))).toEqual([]);
      return error;
    };
    expect(await refusal({})).toMatchObject({
      code: "launcher.no-image",
      next: expect.stringMatching(/^ft image build --engine trl@1\.16\.0 --cuda 13\.2;/),
    });
    expect(await refusal({ image: "nope:1", pull: "never" })).toMatchObject({ code: "launcher.no-image" });
    expect(await refusal({ image: "localhost:9/nope:1" })).toMatchObject({ code: "launcher.no-registry" });
  });

  it("gets its token as a file: no command line, inspection, log or folder shows it", async ({ skip }) => {
    const token = "hf_dockerTestToken0123456789";
    const run = await supervised("secrets");
    if (run === null) return skip();
    const seen = new Set<string>();
    const watching = setInterval(() => commandLines(seen), 5);
    const secrets = { HF_TOKEN: token, WANDB_API_KEY: "key-in-the-environment" };
    const handle = await dockerLauncher.submit({ ...run.submission, secrets });
    await until(() => events(run).includes('"end"'));
    clearInterval(watching);
    const result = JSON.parse(readFileSync(join(run.dir, "result.json"), "utf8"));
    expect(result).toMatchObject({ token, mode: "0o600", is_in_environ: false });
    const told = await execa("docker", ["inspect", handle.id.container]);
    const log = await execa("docker", ["logs", handle.id.container], { all: true });
    const folder = readdirSync(run.dir, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && entry.name !== "result.json")
      .map((entry) => readFileSync(join(entry.parentPath, entry.name), "latin1"));
    expect([...seen].some((line) => line.includes("docker"))).toBe(true);
    for (const text of [...seen, told.stdout, log.all, JSON.stringify(handle), ...folder]) {
      for (const secret of Object.values(secrets)) expect(text).not.toContain(secret);
    }
    await dockerLauncher.collect(handle);
    const kept = execFileSync("find", [ftCacheDir(process.env), "-path", `*secrets*${run.id}*`], {
      encoding: "utf8",
    });
    expect(kept).toBe("");
  });
});

afterAll(async () => {
  await lasting?.stop();
  await plain?.stop();
}, 60_000);

function newId(): string {
  return `20260101-120000-d${process.pid.toString(36)}${Math.random().toString(36).slice(2, 6)}`;
}

async function containersOf({ id }: FakeRun): Promise<number> {
  const { stdout } = await execa("docker", ["ps", "-q", "--filter", `label=ft.run=${id}`]);
  return stdout.split("\n").filter(Boolean).length;
}

/** A job with the real supervisor and a step without an engine. `size`: its project is a disk of its own, so large. */
async function supervised(what: string, size?: string): Promise<FakeRun | null> {
  plain ??= await startDockerd();
  const target = await targetOn(plain);
  if (target === null) return null;
  const projectDir = emptyFolder();
  if (size) await execa("mount", ["-t", "tmpfs", "-o", `size=${size}`, "tmpfs", projectDir]);
  return supervisedRun(what, { projectDir, id: newId(), target: { name: "docker", settings: target } });
}

function events({ dir }: FakeRun): string {
  try {
    return readFileSync(join(dir, "events.jsonl"), "utf8");
  } catch {
    return "";
  }
}

/** Of every process of this machine, containers' too. */
function commandLines(into: Set<string>): void {
  for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
    try {
      into.add(readFileSync(`/proc/${pid}/cmdline`, "latin1"));
    } catch {
      // ended meanwhile
    }
  }
}
