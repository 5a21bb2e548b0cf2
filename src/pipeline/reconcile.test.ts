// Following runs of real processes: nothing lost, nothing doubled, and a trainer that dies is noticed.
import { existsSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { execa } from "execa";
import { afterEach, describe, expect, it } from "vitest";
import { type FakeRun, fakeRun, until } from "../../test/fake-run.js";
import { withFileLock } from "../file-lock.js";
import { type EventsPosition, type Launcher, submitLock } from "../launchers/contract.js";
import { type LocalHandle, localLauncher } from "../launchers/local/index.js";
import { packageRoot } from "../paths.js";
import { targetSchema } from "../recipes/schema/targets.js";
import { eventsAfter } from "../runs/ingest.js";
import { createRun, getRun, stateChanges } from "../runs/run-store.js";
import type { RunUpdate } from "../runs/update.js";
import { openStore, type Store } from "../store/open.js";
import { cancelRun } from "./cancel-run.js";
import { followRun } from "./follow.js";
import { reconcile, takeEvents } from "./reconcile.js";
import { submitAttempt, submitTogether } from "./submit.js";

const now = Date.now;
const onNotice = () => {};
const toClose: { store: Store; run: FakeRun }[] = [];

async function started(behaviour: string): Promise<{ store: Store; run: FakeRun; handle: LocalHandle }> {
  const run = fakeRun(behaviour);
  const store = openStore(run.projectDir);
  createRun(store, { ...run.job, createdAt: now() });
  toClose.push({ store, run });
  await submitAttempt(store, run.submission, { ...run.submission, now, signal: new AbortController().signal });
  return { store, run, handle: getRun(store, run.id).handle as LocalHandle };
}

afterEach(async () => {
  for (const { store, run } of toClose.splice(0)) {
    const handle = await localLauncher.find(run.dir, 1);
    if (handle) await localLauncher.cancel(handle, 0);
    store.close();
    rmSync(run.projectDir, { recursive: true, force: true });
  }
});

function follow({ projectDir, id }: FakeRun) {
  return execa(process.execPath, [join(packageRoot, "test/fixtures/follow.mjs"), projectDir, id], { reject: false });
}

function steps(store: Store, id: string): number[] {
  return eventsAfter(store, id, { attempt: 0, seq: 0 }).flatMap((event) =>
    event.kind === "metric" ? [event.step] : [],
  );
}

const upTo = (count: number) => Array.from({ length: count }, (_, index) => index + 1);

describe("followRun", () => {
  it("gives every event once, in order, then the end", async () => {
    const { store, run } = await started("losses 20 0.01");
    const updates: RunUpdate[] = [];
    for await (const update of followRun(run.id, { store, projectDir: run.projectDir, now, pollMs: 5 }))
      updates.push(update);
    const events = updates.flatMap((update) => (update.type === "event" ? [update.event] : []));
    expect(events.map(({ seq }) => seq)).toEqual(upTo(23));
    expect(updates.at(-1)).toEqual({ type: "state", state: "succeeded" });
    expect(updates).toContainEqual({ type: "log", line: "done" });
    expect(updates.filter(({ type }) => type === "log")).toHaveLength(1);
  });

  it("several followers at once, one of them killed: each survivor sees all, the store has all once", async () => {
    const { store, run } = await started("losses 60 0.02");
    const followers = [follow(run), follow(run), follow(run)];
    await until(() => steps(store, run.id).length > 10);
    followers[0]!.kill("SIGKILL");
    for (const follower of followers.slice(1)) {
      const { stdout, stderr } = await follower;
      expect(stderr).toBe("");
      const updates = stdout.split("\n").map((text) => JSON.parse(text) as RunUpdate);
      const seen = updates.flatMap((update) => (update.type === "event" ? [update.event.seq] : []));
      expect(seen).toEqual(upTo(63));
      expect(updates.at(-1)).toMatchObject({ state: "succeeded" });
    }
    expect(steps(store, run.id)).toEqual(upTo(60));
  });

  it("the only follower is killed, another goes on later: nothing lost, nothing doubled", async () => {
    const { store, run } = await started("losses 40 0.02");
    const killed = follow(run);
    await until(() => steps(store, run.id).length > 5);
    killed.kill("SIGKILL");
    await killed;
    await sleep(200);
    const updates: RunUpdate[] = [];
    for await (const update of followRun(run.id, { store, projectDir: run.projectDir, now, pollMs: 5 }))
      updates.push(update);
    expect(updates.filter((update) => update.type === "event")).toHaveLength(43);
    expect(steps(store, run.id)).toEqual(upTo(40));
  });

  it("waits for a run that an ft has not handed over yet", async () => {
    const run = fakeRun("losses 3 0");
    const store = openStore(run.projectDir);
    toClose.push({ store, run });
    createRun(store, run.job);
    const states: string[] = [];
    const following = (async () => {
      for await (const update of followRun(run.id, { store, projectDir: run.projectDir, now, pollMs: 5 }))
        if (update.type === "state") states.push(update.state);
    })();
    await withFileLock(join(run.dir, submitLock), async () => {
      await until(() => states.length > 0);
      await sleep(100);
      expect(states).toEqual(["queued"]);
      await submitAttempt(store, run.submission, { ...run.submission, now, signal: new AbortController().signal });
    });
    await following;
    expect(states.at(-1)).toBe("succeeded");
  });

  it("ends when its reader has had enough", async () => {
    const { store, run } = await started("hang");
    const enough = new AbortController();
    const begun = performance.now();
    for await (const update of followRun(run.id, {
      store,
      projectDir: run.projectDir,
      now,
      signal: enough.signal,
      pollMs: 60_000,
    }))
      if (update.type === "state") setTimeout(() => enough.abort(), 50);
    expect(performance.now() - begun).toBeLessThan(5000);
  });
});

describe("reconcile", () => {
  it("a trainer killed with -9 has failed, with the reason, within two seconds", async () => {
    const { store, run, handle } = await started("hang");
    await until(async () => (await reconcile(store, run.projectDir, run.id, now())).step === 1);
    process.kill(handle.pid, "SIGKILL");
    await until(async () => (await reconcile(store, run.projectDir, run.id, now())).state === "failed", 2000);
    expect(getRun(store, run.id).failure).toMatchObject({ class: "killed", hint: "often the out-of-memory killer" });
    expect(getRun(store, run.id).endedAt).not.toBeNull();
  });

  it("a trainer that its platform stopped, and never starts again, has failed with that for a reason", async () => {
    const { store, run } = await started("preempted");
    await until(async () => (await reconcile(store, run.projectDir, run.id, now())).state === "failed");
    expect(getRun(store, run.id).failure).toMatchObject({
      message: "local asked it to stop, and did not start it again",
      hint: expect.stringContaining("time limit"),
    });
  });

  it.each(["running", "unknown"] as const)(
    "of a run that is %s and writes faster than its target answers is one look",
    async (liveness) => {
      const { store, run, handle } = await started("losses 100000 0.01");
      await until(() => existsSync(join(run.dir, "events.jsonl")));
      let looks = 0;
      const slow = {
        ...localLauncher,
        observe: async (_: unknown, from: EventsPosition) => {
          looks += 1;
          const size = statSync(join(run.dir, "events.jsonl")).size;
          await until(() => statSync(join(run.dir, "events.jsonl")).size > size + 500);
          return { ...(await localLauncher.observe(handle, from)), liveness };
        },
      };
      expect((await takeEvents(store, slow as Launcher<unknown>, run.id, handle)).liveness).toBe(liveness);
      expect(getRun(store, run.id).step).toBeGreaterThan(0);
      expect(looks).toBe(1);
    },
  );

  it("finds the trainer of an ft that died before it wrote the handle down", async () => {
    const { store, run } = await started("losses 3 0");
    store.prepare("UPDATE runs SET handle = NULL").run();
    await until(async () => (await reconcile(store, run.projectDir, run.id, now())).state === "succeeded");
    expect(steps(store, run.id)).toEqual([1, 2, 3]);
  });

  it("a run without a trainer is lost after ten seconds, not before", async () => {
    const run = fakeRun("hang");
    const store = openStore(run.projectDir);
    toClose.push({ store, run });
    createRun(store, run.job);
    const at = (ms: number) => reconcile(store, run.projectDir, run.id, run.job.createdAt + ms);
    expect((await at(9_000)).state).toBe("queued");
    expect((await at(11_000)).state).toBe("lost");
  });
});

describe("submitAttempt", () => {
  it("writes down that a trainer could not be started", async () => {
    await expect(started("exit 3")).rejects.toMatchObject({ code: "launcher.not-started" });
    const { store, run } = toClose[0]!;
    expect(getRun(store, run.id)).toMatchObject({
      state: "failed",
      failure: { message: expect.stringContaining("exit code 3") },
    });
  });
});

describe("submitTogether", () => {
  it("refuses attempts of several targets before one of them is submitted", async () => {
    const { projectDir } = fakeRun("hang");
    const store = openStore(projectDir);
    const runs = ["one", "two"].map((partition, index) => {
      const target = { name: "cluster", settings: targetSchema.parse({ launcher: "slurm", partition }) };
      return fakeRun("hang", { projectDir, id: `20260101-120000-t${index}`, target });
    });
    for (const { job } of runs) createRun(store, job);
    const attempts = runs.map(({ submission }) => submission);
    const context = { ...attempts[0]!, now, signal: new AbortController().signal };
    await expect(submitTogether(store, attempts, context, { name: "sweep-test", atOnce: 2 })).rejects.toMatchObject({
      code: "launcher.mixed",
      why: "the target cluster was changed while they were prepared",
    });
    expect(runs.map(({ id }) => getRun(store, id).state)).toEqual(["queued", "queued"]);
    store.close();
  });
});

describe("cancelRun", () => {
  it("of a trainer that ignores it ends as cancelled, by force", async () => {
    const { store, run, handle } = await started("stubborn");
    await until(async () => (await reconcile(store, run.projectDir, run.id, now())).step === 1);
    const after = await cancelRun(store, run.projectDir, run.id, { now, graceMs: 200, onNotice });
    expect(after).toMatchObject({ state: "cancelled", failure: null });
    expect(stateChanges(store, run.id).map(({ to }) => to)).toEqual([
      "queued",
      "preparing",
      "running",
      "stopping",
      "cancelled",
    ]);
    await expect.poll(() => isThere(handle.pid)).toBe(false); // killed, and a moment later reaped
  });

  it("of a run that ended is refused", async () => {
    const { store, run } = await started("losses 1 0");
    await until(async () => (await reconcile(store, run.projectDir, run.id, now())).state === "succeeded");
    await expect(cancelRun(store, run.projectDir, run.id, { now, onNotice })).rejects.toMatchObject({
      code: "run.ended",
    });
  });
});

function isThere(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
