// What a target asks for is what Slurm gets, and what Slurm says of a job is what a person hears: real sbatch, read back from the controller.
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { slurmLauncher } from "../../src/launchers/slurm/index.js";
import { ftCacheDir } from "../../src/paths.js";
import { cancelRun } from "../../src/pipeline/cancel-run.js";
import { reconcile } from "../../src/pipeline/reconcile.js";
import { submitAttempt } from "../../src/pipeline/submit.js";
import { targetSchema } from "../../src/recipes/schema/targets.js";
import { createRun, getRun, stateChanges } from "../../src/runs/run-store.js";
import { openStore } from "../../src/store/open.js";
import { fakeRun, until } from "../fake-run.js";
import { emptyFolder, ft, tinyProject } from "../project.js";
import { findProgram } from "../services/programs.js";
import { type Slurm, startSlurm } from "../services/slurm.js";

let slurm: Slurm | null;
beforeAll(async () => {
  slurm = await startSlurm({ killWait: 5 });
  Object.assign(process.env, slurm?.env);
}, 300_000);
afterAll(() => slurm?.stop(), 60_000);

let count = 0;
function runOn(settings: object, behaviour = "hang") {
  const target = { name: "cluster", settings: targetSchema.parse({ launcher: "slurm", ...settings }) };
  return { ...fakeRun(behaviour, { id: `20260101-120000-b${count++}`, target }), target: target.settings };
}

/** Submitted as `ft run` does it; `look`: what `ft runs ls` would say. */
async function started(settings: object, behaviour?: string) {
  const { submission, projectDir, id, dir } = runOn(settings, behaviour);
  const store = openStore(projectDir);
  createRun(store, { ...submission.job, createdAt: Date.now() });
  await submitAttempt(store, submission, { ...submission, now: Date.now, signal: new AbortController().signal });
  const hasWritten = (words: string) => {
    const file = join(dir, "events.jsonl");
    return existsSync(file) && readFileSync(file, "utf8").includes(words);
  };
  const look = () => reconcile(store, projectDir, id, Date.now());
  const cancel = () => cancelRun(store, projectDir, id, { now: Date.now, graceMs: 0, onNotice: () => undefined });
  return { store, id, projectDir, job: `--name=ft-${id}-1`, hasWritten, look, cancel };
}

describe("a run on Slurm", { timeout: 180_000 }, () => {
  it("runs as soon as its events come in, whatever Slurm said a moment before", async ({ skip }) => {
    if (!slurm) return skip();
    const { store, id, job, hasWritten, look, cancel } = await started({ extra: ["--hold"] });
    const { stdout } = await execa("squeue", ["-h", "-o", "%A", job]);
    expect((await look()).state).toBe("queued");
    await execa("scontrol", ["release", stdout]);
    while (!hasWritten("metric")) await look(); // the last of these answers may say that it waits
    expect((await look()).state).toBe("running");
    expect((await look()).state).toBe("running");
    expect(stateChanges(store, id).filter(({ to }) => to === "queued")).toHaveLength(2); // as it was made, and held
    expect((await cancel()).state).toBe("cancelled");
  });

  it("that is cancelled while it waits is cancelled, and was no failure", async ({ skip }) => {
    if (!slurm) return skip();
    const { store, id, look, cancel } = await started({ extra: ["--hold"] });
    expect((await look()).state).toBe("queued");
    expect(await cancel()).toMatchObject({ state: "cancelled", failure: null });
    expect(stateChanges(store, id).at(-1)?.reason).toBe("stopped before it began");
  });

  it("that a person ends by scancel saves, and does not come back", async ({ skip }) => {
    if (!slurm) return skip();
    const { store, id, job, hasWritten, look } = await started({}, "polite");
    await until(() => hasWritten("metric"), 60_000);
    await execa("scancel", [job]);
    await until(async () => (await look()).state === "failed" || (await look()).state === "cancelled", 60_000);
    expect(hasWritten('"end"')).toBe(true);
    await until(async () => (await execa("squeue", ["-h", job])).stdout === "", 60_000);
    expect((await execa("squeue", ["-h", "-t", "all", "-o", "%T", job])).stdout).toBe("CANCELLED");
    expect(getRun(store, id).exitCode).toBe(33);
  });
});

describe("a slurm target", { timeout: 120_000 }, () => {
  it("asks for what it says, and a job that waits says why until it is cancelled", async ({ skip }) => {
    if (!slurm) return skip();
    const { submission } = runOn({
      ...{ partition: "main", gres: "gpu:2", cpus: 4, memory: "2G", time: "1-12", exclude: "n2", account: "lab" },
      ...{ signal_seconds: 600, requeue: false, extra: ["--hold", "--nice=7", "--licenses="] },
    });
    const handle = await slurmLauncher.submit({ ...submission, secrets: { HF_TOKEN: "hf_waits" } });
    const secrets = join(ftCacheDir(process.env), `secrets/${submission.job.id}-1.json`);
    expect(existsSync(secrets)).toBe(true);
    const { stdout } = await execa("scontrol", ["show", "job", "-o"]);
    const asked = [
      ...[`JobName=ft-${submission.job.id}-1`, "Account=lab", "Partition=main", "Requeue=0", "TimeLimit=1-12:00:00"],
      ...["ExcNodeList=n2", "CPUs/Task=4", "MinMemoryNode=2G", "TresPerNode=gres:gpu:2", "Nice=7"],
      ...["JobState=PENDING", "Reason=JobHeldUser", `WorkDir=${submission.dir}`, `StdOut=${submission.dir}/stdout.log`],
    ];
    for (const word of asked) expect(stdout).toContain(word);
    const { liveness, reason } = await slurmLauncher.observe(handle, { inode: 0, offset: 0 });
    expect([liveness, reason]).toEqual(["queued", expect.stringMatching(/Slurm job \d+: PENDING \(JobHeldUser\)/)]);
    await slurmLauncher.cancel(handle, 60_000);
    expect((await slurmLauncher.observe(handle, { inode: 0, offset: 0 })).liveness).toBe("ended");
    expect(existsSync(secrets)).toBe(false);
  });

  it("that Slurm does not know is refused in its words, and a probe says so before", async ({ skip }) => {
    if (!slurm) return skip();
    const { submission, target } = runOn({ partition: "nowhere" });
    const refusal = {
      code: "launcher.refused",
      exit: "refused",
      why: expect.stringMatching(/nvalid partition.*--partition=nowhere/),
    };
    await expect(slurmLauncher.submit(submission)).rejects.toMatchObject(refusal);
    const { checks } = await slurmLauncher.probe(target);
    const words = expect.stringContaining("nvalid partition");
    expect(checks.find(({ name }) => name === "job")).toMatchObject({ status: "missing", detail: words });
  });

  it("whose time is over its partition's limit would never start, and a probe says so before", async ({ skip }) => {
    if (!slurm) return skip();
    const limited = (limit: string) => execa("scontrol", ["update", "PartitionName=main", `MaxTime=${limit}`]);
    const checkOf = async (settings: object) => {
      const { checks } = await slurmLauncher.probe(runOn(settings).target);
      return checks.find(({ name }) => name === "job");
    };
    await limited("1:00:00");
    const never = { status: "missing", detail: expect.stringContaining("main* 1:00:00") };
    expect(await checkOf({ time: "1:00:01" })).toMatchObject(never);
    expect(await checkOf({ time: "60" })).toMatchObject({ status: "ok" });
    expect(await checkOf({ partition: "main", time: "2-0" })).toMatchObject({ status: "missing" });
    await limited("INFINITE");
    expect(await checkOf({ time: "2-0" })).toMatchObject({ status: "ok" });
  });

  it("without a time, in a partition that gives too little to save in, is refused before anything is written", async ({
    skip,
  }) => {
    if (!slurm) return skip();
    const given = (time: string) => execa("scontrol", ["update", "PartitionName=main", `DefaultTime=${time}`]);
    const dir = tinyProject();
    await given("5");
    const { exitCode, stderr } = await ft(["run", "--on", "slurm", "--set", "compute.device=cpu"], dir, slurm.env);
    expect([exitCode, stderr]).toEqual([6, expect.stringContaining("without a time a job in main* gets 5:00")]);
    expect(stderr).toContain("give the target a `time`");
    expect(existsSync(join(dir, ".ft/runs"))).toBe(false);
    const isSeen = async (settings: object) =>
      (await slurmLauncher.probe(runOn(settings).target)).checks.some(({ name }) => name === "time");
    expect(await isSeen({ signal_seconds: 299 })).toBe(false);
    expect(await isSeen({ time: "6" })).toBe(false);
    await given("INFINITE");
    expect(await isSeen({})).toBe(false);
  });

  it("whose controller is down is unknown, and not over; a submission says that nobody answers", async ({ skip }) => {
    if (!slurm) return skip();
    const { submission } = runOn({});
    const handle = await slurmLauncher.submit(submission);
    await slurm.stopController();
    await new Promise((resolve) => setTimeout(resolve, 2_500)); // an answer holds for two seconds
    const { liveness, reason } = await slurmLauncher.observe(handle, { inode: 0, offset: 0 });
    expect([liveness, reason]).toEqual(["unknown", expect.stringMatching(/unable to contact slurm controller/i)]);
    await expect(slurmLauncher.submit(runOn({}).submission)).rejects.toMatchObject({ code: "launcher.unreachable" });
    await slurm.startController();
    expect(["running", "queued"]).toContain((await slurmLauncher.observe(handle, { inode: 0, offset: 0 })).liveness);
    await slurmLauncher.cancel(handle, 0);
  });

  it("whose controller is down is asked once by a cancel, which does not say that it stops what has not heard it", async ({
    skip,
  }) => {
    if (!slurm) return skip();
    const { id, projectDir, cancel } = await started({});
    const bin = emptyFolder();
    const log = join(bin, "log");
    const squeue = `#!/bin/sh\necho asked >> ${log}\nexec ${findProgram("squeue")} "$@"\n`;
    writeFileSync(join(bin, "squeue"), squeue, { mode: 0o755 });
    const env = { ...slurm.env, PATH: `${bin}${delimiter}${process.env.PATH}` };
    await slurm.stopController();
    const { exitCode, stderr } = await ft(["runs", "cancel", id], projectDir, env);
    await slurm.startController();
    expect([exitCode, stderr]).toEqual([6, expect.stringContaining(`run ${id} could not be asked to stop`)]);
    expect(stderr).not.toContain("stopping");
    expect(readFileSync(log, "utf8")).toBe("asked\n");
    await cancel();
    const later = await ft(["runs", "cancel", id], projectDir, env);
    expect([later.exitCode, later.stderr]).toEqual([2, expect.stringContaining("already ended: cancelled")]);
  });
});
