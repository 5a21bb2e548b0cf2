// Several attempts as one job array of Slurm: how many run at a time is Slurm's matter, all else is as with jobs of their own. Real daemons, read back from the controller.
import { chmodSync, existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { FtError } from "../../src/errors.js";
import { submitLock } from "../../src/launchers/contract.js";
import { secretsHere } from "../../src/launchers/folder/secrets.js";
import { arrayName } from "../../src/launchers/slurm/array-name.js";
import { slurmLauncher } from "../../src/launchers/slurm/index.js";
import { arrayArgs, type SlurmTarget } from "../../src/launchers/slurm/render-batch.js";
import { reconcile } from "../../src/pipeline/reconcile.js";
import { submitAttempt } from "../../src/pipeline/submit.js";
import { driveSweep } from "../../src/pipeline/sweeps/drive-sweep.js";
import { planSweep } from "../../src/pipeline/sweeps/plan-sweep.js";
import type { startTrial } from "../../src/pipeline/sweeps/start-trial.js";
import { readRecord } from "../../src/pipeline/sweeps/sweep-record.js";
import { sweepSettings } from "../../src/pipeline/sweeps/sweep-settings.js";
import { trialArray } from "../../src/pipeline/sweeps/trial-array.js";
import { neverBegan } from "../../src/pipeline/unchanged.js";
import { targetSchema } from "../../src/recipes/schema/targets.js";
import { createRun, getRun, listRuns } from "../../src/runs/run-store.js";
import { openStore } from "../../src/store/open.js";
import { type FakeRun, fakeRun, until } from "../fake-run.js";
import { emptyFolder } from "../project.js";
import { type Slurm, startSlurm } from "../services/slurm.js";

let slurm: Slurm | null;
beforeAll(async () => {
  slurm = await startSlurm({ killWait: 5 });
  Object.assign(process.env, slurm?.env);
}, 300_000);
afterAll(() => slurm?.stop(), 60_000);

const start = { inode: 0, offset: 0 };
let count = 0;

function runsOn(behaviours: string[], settings: object = {}, projectDir = emptyFolder()): FakeRun[] {
  const target = { name: "cluster", settings: targetSchema.parse({ launcher: "slurm", ...settings }) };
  return behaviours.map((behaviour) => fakeRun(behaviour, { projectDir, id: `20260101-120000-a${count++}`, target }));
}

function submitAll(runs: FakeRun[], atOnce: number, name = "sweep-test") {
  const submissions = runs.map(({ submission }) => submission);
  return slurmLauncher.submitTogether!(submissions, { name, atOnce });
}

const look = async (handle: Awaited<ReturnType<typeof submitAll>>[number]) => slurmLauncher.observe(handle, start);
const hasWritten = ({ dir }: FakeRun, words: string) =>
  existsSync(join(dir, "events.jsonl")) && readFileSync(join(dir, "events.jsonl"), "utf8").includes(words);

/** Each task's words for it, as squeue has them. */
async function tasks(format: string, ...only: string[]): Promise<string[]> {
  const { stdout } = await execa("squeue", ["-h", "-r", "-o", format, ...only]);
  return stdout.split("\n").filter(Boolean);
}

/** With lines of a shell before each call of scontrol, which is then $scontrol. */
async function withScontrol<T>(lines: string, body: () => Promise<T>): Promise<T> {
  const bin = emptyFolder();
  const { stdout: scontrol } = await execa("which", ["scontrol"]);
  writeFileSync(join(bin, "scontrol"), `#!/bin/sh\nscontrol=${scontrol}\n${lines}\nexec $scontrol "$@"\n`);
  chmodSync(join(bin, "scontrol"), 0o755);
  const path = process.env.PATH;
  process.env.PATH = `${bin}${delimiter}${path}`;
  try {
    return await body();
  } finally {
    process.env.PATH = path;
  }
}

/** The task that scontrol is called for ends without a name, as when ft comes too late. */
const letBegin = `$scontrol update "$2" StartTime=now; while [ -n "$(squeue -h -r -j "\${2#JobId=}")" ]; do sleep 0.1; done`;

async function restarts(run: FakeRun): Promise<number> {
  const [task] = await tasks("%i", `--name=ft-${run.id}-1`);
  const { stdout } = await execa("scontrol", ["show", "job", task!]);
  return Number(/Restarts=(\d+)/.exec(stdout)![1]);
}

/** Two trials, one at a time. */
async function sweepOn(projectDir: string, begin: typeof startTrial) {
  const recipe = "name: tiny\nmodel: { base: x }\nmethod: lora\ndata: { train: a.jsonl }\ncompute: { on: slurm }\n";
  writeFileSync(join(projectDir, "ft.yaml"), recipe);
  const settings = sweepSettings("ft.yaml", { key: ["method.rank=2,4"], array: true, concurrency: 1 }, projectDir);
  const plan = await planSweep(settings, { cwd: projectDir, env: {} });
  const context = {
    ...{ env: {}, signal: new AbortController().signal, now: Date.now, random: Math.random },
    ...{ onProgress: () => {}, onNotice: () => {}, onRows: () => {}, pollMs: 20 },
    openStore: async () => openStore(projectDir),
  };
  const options = { retry: false, ignoreFit: false, ignoreBudget: false, concurrency: 1 };
  return { plan, driven: driveSweep(plan, context, options, begin) };
}

describe("attempts in one array", { timeout: 180_000 }, () => {
  it("run so many at a time while no ft is there, each in its folder, and are asked and ended one by one", async ({
    skip,
  }) => {
    if (!slurm) return skip();
    const runs = runsOn(["polite", "hang", "losses 3 0.05", "hang"]);
    const handles = await submitAll(runs, 2);
    expect(new Set(await tasks("%F %K")).size).toBe(4);
    expect(new Set(await tasks("%F")).size).toBe(1);
    await until(() => hasWritten(runs[0]!, "metric") && hasWritten(runs[1]!, "metric"));
    expect((await look(handles[2]!)).reason).toMatch(/Slurm job \d+_2: PENDING \(JobArrayTaskLimit\)/);
    expect(await submitAll(runs, 2)).toEqual(handles);
    expect(await Promise.all(runs.map(({ dir }) => slurmLauncher.find(dir, 1)))).toEqual(handles);

    // The last one has the array's own number, by which all are meant.
    expect(await tasks("%A=%F", `--name=ft-${runs[3]!.id}-1`)).toEqual([expect.stringMatching(/^(\d+)=\1$/)]);
    await slurmLauncher.cancel(handles[3]!, 0);
    expect((await look(handles[3]!)).liveness).toBe("ended");
    expect(await tasks("%j %T", "-t", "running")).toHaveLength(2);

    await slurmLauncher.cancel(handles[0]!, 30_000);
    expect(hasWritten(runs[0]!, '"cancelled"')).toBe(true);
    await until(async () => (await look(handles[2]!)).liveness === "ended");
    expect(hasWritten(runs[2]!, '"succeeded"')).toBe(true);
    expect(readFileSync(join(runs[2]!.dir, "stdout.log"), "utf8")).toContain("done");
    expect((await look(handles[1]!)).liveness).toBe("running");
    await slurmLauncher.cancel(handles[1]!, 0);
    expect(await tasks("%i")).toEqual([]);
  });

  it("go back into the queue one by one when they are preempted", async ({ skip }) => {
    if (!slurm) return skip();
    const runs = runsOn(["hang", "preempted"]);
    const handles = await submitAll(runs, 2);
    await until(async () => hasWritten(runs[0]!, "metric") && (await restarts(runs[1]!)) > 0);
    expect(await restarts(runs[0]!)).toBe(0);
    expect((await look(handles[0]!)).liveness).toBe("running");
    for (const handle of handles) await slurmLauncher.cancel(handle, 0);
  });

  it("take the place of an array that an ft left unnamed when it died", async ({ skip }) => {
    if (!slurm) return skip();
    const runs = runsOn(["losses 1 0", "losses 1 0"]);
    const target = runs[0]!.job.target.settings as SlurmTarget;
    const left = arrayName(`ft-${runs[1]!.id}-1`, "sweep-left");
    await execa("sbatch", arrayArgs(left, { tasks: 2, atOnce: 1 }, target), { input: "#!/bin/bash\n" });
    expect(await tasks("%j", `--name=${left}`)).toHaveLength(2);
    expect(await slurmLauncher.find(runs[0]!.dir, 1)).toBeNull();
    const handles = await submitAll(runs, 1, "sweep-left");
    expect(await tasks("%j", `--name=${left}`)).toEqual([]);
    for (const handle of handles) await until(async () => (await look(handle)).liveness === "ended");
    expect(runs.every((run) => hasWritten(run, '"succeeded"'))).toBe(true);
  });

  it("leave tasks without a run when ft dies, which are listed as left of the last one, and can be ended", async ({
    skip,
  }) => {
    if (!slurm) return skip();
    const [named, last] = runsOn(["hang", "hang"]);
    const target = last!.job.target.settings as SlurmTarget;
    const dying = `case "$3" in *${last!.id}*) echo "Unable to contact slurm controller" >&2; exit 1;; esac`;
    await withScontrol(dying, () =>
      expect(submitAll([named!, last!], 2)).rejects.toMatchObject({ code: "launcher.unreachable" }),
    );
    const left = await slurmLauncher.leftovers(target);
    expect(left.map(({ run, attempt }) => [run, attempt])).toEqual([
      [named!.id, 1],
      [last!.id, 0],
    ]);
    expect(left[1]!.what).toMatch(/^Slurm array \d+ on this machine: 1 of its tasks have no run$/);
    await slurmLauncher.end(target, left[1]!);
    expect(await tasks("%j")).toEqual([`ft-${named!.id}-1`]);
    await slurmLauncher.end(target, left[0]!);
  });

  it("are left alone by those of another checkout, whose sweep has the same name", async ({ skip }) => {
    if (!slurm) return skip();
    const [mine, theirs] = [runsOn(["hang", "hang"]), runsOn(["hang", "hang"])];
    const done = join(emptyFolder(), "done");
    const both = await withScontrol(
      `case "$*" in *_1\\ JobName=ft-${mine[1]!.id}-1*) while ! [ -e ${done} ]; do sleep 0.1; done;; esac`,
      async () => {
        const first = submitAll(mine, 2);
        await until(async () => (await tasks("%i", `--name=ft-${mine[0]!.id}-1`)).length === 1);
        const second = await submitAll(theirs, 2);
        writeFileSync(done, "");
        return [...(await first), ...second];
      },
    );
    expect((await tasks("%j")).sort()).toEqual([...mine, ...theirs].map(({ id }) => `ft-${id}-1`).sort());
    for (const handle of both) await slurmLauncher.cancel(handle, 0);
  });

  it("of which one began before ft had named it go on, and that one is submitted again", async ({ skip }) => {
    if (!slurm) return skip();
    const runs = runsOn(["hang", "losses 1 0", "hang"]);
    const once = join(emptyFolder(), "once");
    const heldUp = `case "$2" in *_1) [ -e ${once} ] || { ${letBegin}; touch ${once}; };; esac`;
    const handles = await withScontrol(heldUp, () => submitAll(runs, 3));
    await until(async () => (await look(handles[1]!)).liveness === "ended");
    expect(hasWritten(runs[1]!, '"succeeded"')).toBe(true);
    const [array, again] = await Promise.all(
      [0, 1].map((index) => tasks("%F", "-t", "all", `--name=ft-${runs[index]!.id}-1`)),
    );
    expect(again).not.toEqual(array);
    for (const index of [0, 2]) expect((await look(handles[index]!)).liveness).toBe("running");
    for (const handle of handles) await slurmLauncher.cancel(handle, 0);
  });

  it("that begin unnamed every time are refused, and what happened is said", async ({ skip }) => {
    if (!slurm) return skip();
    const error = { code: "launcher.held-up", message: expect.stringContaining("began 1 of the tasks before") };
    const runs = runsOn(["hang", "hang"]);
    await withScontrol(`case "$3" in *${runs[1]!.id}*) ${letBegin};; esac`, () =>
      expect(submitAll(runs, 2)).rejects.toMatchObject(error),
    );
    await until(async () => (await tasks("%i")).length === 0);
  });

  it("that are left before they are handed over are not started, and say so; until then no other ft takes them for lost", async ({
    skip,
  }) => {
    if (!slurm) return skip();
    const projectDir = emptyFolder();
    const runs = runsOn(["hang", "hang"], {}, projectDir);
    const store = openStore(projectDir);
    const leaving = new AbortController();
    const array = trialArray();
    for (const { job, submission } of runs) {
      createRun(store, job);
      await array.keep(store, submission, { ...submission, now: Date.now, signal: leaving.signal });
    }
    const now = Date.now() + 3_600_000;
    for (const { id } of runs) expect((await reconcile(store, projectDir, id, now)).state).toBe("queued");
    leaving.abort();
    const context = { ...runs[0]!.submission, now: Date.now, signal: leaving.signal };
    await expect(array.submit(store, context, { name: "sweep-left", atOnce: 1 })).rejects.toThrow("abort");
    expect(await tasks("%i")).toEqual([]);
    for (const run of runs.map(({ id }) => getRun(store, id))) {
      expect([run.state, run.failure?.message]).toEqual(["cancelled", "it was stopped before it was started"]);
      expect(neverBegan(run)).toBe(true); // so the sweep, repeated, begins with them
    }
    for (const { dir } of runs) expect(existsSync(join(dir, submitLock))).toBe(false);
    store.close();
  });

  it("that are left while they are handed over leave no secrets where they would have run", async ({ skip }) => {
    if (!slurm) return skip();
    const [first, second] = runsOn(["hang", "hang"]);
    const secrets = { HF_TOKEN: "hf_array0123456789" };
    const leaving = { ...second!.submission, signal: AbortSignal.abort() };
    const submissions = [first!.submission, leaving].map((submission) => ({ ...submission, secrets }));
    await expect(slurmLauncher.submitTogether!(submissions, { name: "sweep-left", atOnce: 1 })).rejects.toThrow(
      "abort",
    );
    expect(readdirSync(secretsHere()).filter((name) => name.startsWith(first!.id))).toEqual([]);
  });

  it("wait until a trial that is on its way beside them leaves room for them", async ({ skip }) => {
    if (!slurm) return skip();
    const projectDir = emptyFolder();
    const runs: FakeRun[] = [];
    const { plan, driven } = await sweepOn(projectDir, async (loaded, store, { submit, ...context }) => {
      const isThere = loaded.recipe.method.rank === 2;
      const run = runsOn([isThere ? "hang" : "losses 1 0"], {}, projectDir)[0]!;
      createRun(store, { ...run.job, createdAt: Date.now() });
      runs.push(run);
      await (isThere ? submitAttempt : submit!)(store, run.submission, context);
      return { run: run.id, wasThere: isThere };
    });
    await until(() => existsSync(join(runs[1]?.dir ?? "", submitLock)));
    const [before, next] = runs as [FakeRun, FakeRun];
    await until(() => hasWritten(before, "metric"));
    await sleep(1_000); // time for the array, were there room
    expect(await tasks("%j")).toEqual([`ft-${before.id}-1`]);
    // So that `ft sweep show` finds it, should this ft die now.
    expect(readRecord(projectDir, plan.id)!.trials[1]).toMatchObject({ state: "starting", run: next.id });
    await slurmLauncher.cancel((await slurmLauncher.find(before.dir, 1))!, 0);
    await driven;
    expect(hasWritten(next, '"succeeded"')).toBe(true);
  });

  it("are not submitted by a sweep that ends before all are prepared", async ({ skip }) => {
    if (!slurm) return skip();
    const projectDir = emptyFolder();
    const { driven } = await sweepOn(projectDir, async (loaded, store, { submit, ...context }) => {
      if (loaded.recipe.method.rank === 4)
        throw new FtError({ code: "env.no-python", exit: "environment", message: "no Python" });
      const { id, job, submission } = runsOn(["hang"], {}, projectDir)[0]!;
      createRun(store, { ...job, createdAt: Date.now() });
      await submit!(store, submission, context);
      return { run: id, wasThere: false };
    });
    await expect(driven).rejects.toThrow("no Python");
    expect(await tasks("%j")).toEqual([]);
    const store = openStore(projectDir);
    expect(listRuns(store).map((run) => [run.state, neverBegan(run)])).toEqual([["cancelled", true]]);
    store.close();
  });

  it("that Slurm refuses, whole or in the middle, leave nothing behind", async ({ skip }) => {
    if (!slurm) return skip();
    const refused = { code: "launcher.refused", exit: "refused" };
    await expect(submitAll(runsOn(["hang", "hang"], { partition: "nowhere" }), 1)).rejects.toMatchObject({
      ...refused,
      why: expect.stringMatching(/nvalid partition.*--array=0-1%1.*--partition=nowhere/),
    });
    const why = expect.stringMatching(/permission denied \(task 1 of array \d+\)/);
    const refusal = `echo "slurm_update error: Access/permission denied" >&2; exit 1`;
    await withScontrol(`case "$2" in *_1) ${refusal};; esac`, () =>
      expect(submitAll(runsOn(["hang", "hang"]), 2)).rejects.toMatchObject({ ...refused, why }),
    );
    await until(async () => (await tasks("%i")).length === 0);
  });
});
