// Two runs on one machine never take one GPU, here or behind ssh: the real supervisor, over a real sshd and a jump host, on a machine with one GPU (a made-up one).
import { cpSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { sshLauncher } from "../../src/launchers/ssh/index.js";
import { ftCacheDir, packageRoot } from "../../src/paths.js";
import { type Target, targetSchema } from "../../src/recipes/schema/targets.js";
import { parseEvent } from "../../src/runs/ingest.js";
import { eventLine } from "../event-line.js";
import { type FakeRun, fakeRun, until } from "../fake-run.js";
import { emptyFolder, ft } from "../project.js";
import { type Sshd, startSshd } from "../services/sshd.js";

let sshd: Sshd | null;

beforeAll(async () => {
  sshd = await startSshd();
}, 60_000);
afterAll(() => sshd?.stop());

it("a run waits for the GPU of another, says for whom, takes it when that one is killed, and ends at once when it is cancelled while it waits", {
  timeout: 120_000,
}, async ({ skip }) => {
  if (!sshd) return skip();
  const target = targetSchema.parse({
    launcher: "ssh",
    at: { host: sshd.inner, config: sshd.configFile }, // reached through `box`
    dir: join(sshd.home, "ft-jobs"),
    engine_python: "python3",
    env: { FT_FAKE_GPUS: "1" },
  });
  const [first, second, third] = ["a", "b", "c"].map((name) =>
    holding(target, `20260101-120000-gpu${name}${process.pid}`),
  );
  const one = await sshLauncher.submit(first!.submission);
  await until(async () => (await said(one)).includes("training"));
  const two = await sshLauncher.submit(second!.submission);
  await until(async () => (await said(two)).includes(`held by run ${first!.id}`));
  const three = await sshLauncher.submit(third!.submission);
  await until(async () => (await said(three)).includes(`1 before it: ${second!.id}`));

  await sshLauncher.cancel(three, 10_000);
  expect(await said(three)).toContain('"status":"cancelled"');
  expect(await said(two)).not.toContain('"phase":"training"');
  await sshLauncher.cancel(one, 0);
  await until(async () => (await said(two)).includes('"phase":"training"'));
  await sshLauncher.cancel(two, 0);
});

describe("on this machine", { timeout: 120_000 }, () => {
  const env = { FT_FAKE_GPUS: "1", FT_CACHE: ftCacheDir(process.env) };

  it("a run waits for the GPU that a run of another project holds, and the commands say for whom", async () => {
    const home = { ...env, HOME: emptyFolder() };
    const [holder, waiter] = ["a", "b"].map((name) => stopped({ launcher: "local" }, name));
    await resumed(holder!, home);
    await until(async () => (await show(holder!, home)).state === "running", 30_000);
    await resumed(waiter!, home);
    const words = `waiting for 1 GPU: 0 is held by run ${holder!.id}`;
    await until(async () => (await show(waiter!, home)).detail === words, 30_000);
    expect((await ft(["runs", "show"], waiter!.projectDir, home)).stdout).toContain(`preparing: ${words}`);

    await ft(["runs", "cancel", "last", "--grace", "0"], holder!.projectDir, home);
    await until(async () => (await show(waiter!, home)).state === "running", 30_000);
    await ft(["runs", "cancel", "last", "--grace", "0"], waiter!.projectDir, home);
  });

  it("runs that both ask for share_gpus hold one GPU together", async () => {
    const home = { ...env, HOME: emptyFolder() };
    const both = ["a", "b"].map((name) => stopped({ launcher: "local", share_gpus: true }, name));
    for (const run of both) {
      await resumed(run, home);
      await until(async () => (await show(run, home)).state === "running", 30_000);
    }
    for (const { projectDir } of both) await ft(["runs", "cancel", "last", "--grace", "0"], projectDir, home);
  });

  /** A run of a project of its own that can be resumed. */
  function stopped(target: Target, name: string): FakeRun {
    const run = holding(target, `20260101-120000-gpu${name}`);
    const end = { kind: "end", status: "cancelled", exitCode: 34 };
    writeFileSync(
      join(run.dir, "events.jsonl"),
      eventLine(1, { kind: "phase", phase: "preparing" }) + eventLine(2, end),
    );
    return run;
  }

  async function resumed({ projectDir, id }: FakeRun, home: Record<string, string>): Promise<void> {
    const args = [
      ["runs", "reindex"],
      ["runs", "resume", id, "--detach"],
    ];
    for (const each of args) {
      const { exitCode, stderr } = await ft(each, projectDir, home);
      expect(exitCode, stderr).toBe(0);
    }
  }

  async function show({ projectDir }: FakeRun, home: Record<string, string>) {
    return JSON.parse((await ft(["runs", "show", "--json"], projectDir, home)).stdout).run;
  }
});

async function said(handle: Awaited<ReturnType<typeof sshLauncher.submit>>): Promise<string> {
  const { bytes } = await sshLauncher.observe(handle, { inode: 0, offset: 0 });
  const text = Buffer.from(bytes).toString("utf8");
  for (const line of text.trim().split("\n").filter(Boolean)) expect(parseEvent(line), line).not.toBeNull();
  return text;
}

/** A job of the real supervisor whose step holds one GPU for a minute. */
function holding(target: Target, id: string): FakeRun {
  const run = fakeRun("hang", { id, target: { name: "box", settings: target } });
  rmSync(join(run.dir, "trainer"), { recursive: true });
  for (const name of ["run.py", "ft_trainer"])
    cpSync(join(packageRoot, "trainer", name), join(run.dir, "trainer", name), { recursive: true });
  cpSync(join(packageRoot, "trainer/tests/fake_step.py"), join(run.dir, "trainer/ft_trainer/fake_step.py"));
  const steps = [{ name: "train" as const, module: "ft_trainer.fake_step", args: ["sleep"] }];
  const job = { ...run.job, engine: { name: "trl", version: "1.16.0" }, steps, gpus: 1 };
  writeFileSync(join(run.dir, "job.json"), JSON.stringify(job));
  return { ...run, job, submission: { ...run.submission, job } };
}
