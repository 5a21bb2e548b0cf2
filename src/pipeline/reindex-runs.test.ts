// Rebuilding the store from run folders gives what following them live had stored.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { type FakeRun, fakeRun, until } from "../../test/fake-run.js";
import { emptyFolder } from "../../test/project.js";
import { localLauncher } from "../launchers/local/index.js";
import { runsDir } from "../paths.js";
import { beginAttempt, createRun } from "../runs/run-store.js";
import { openStore, type Store, setAside } from "../store/open.js";
import { cancelRun } from "./cancel-run.js";
import { reconcile } from "./reconcile.js";
import { reindexRuns } from "./reindex-runs.js";
import { submitAttempt } from "./submit.js";

async function start(store: Store, run: FakeRun, attempt = 1): Promise<void> {
  createRun(store, run.job);
  if (attempt > 1) beginAttempt(store, run.id, attempt, Date.now());
  await submitAttempt(
    store,
    { ...run.submission, attempt },
    { ...run.submission, now: Date.now, signal: new AbortController().signal },
  );
}

async function live(store: Store, run: FakeRun, attempt = 1): Promise<void> {
  await start(store, run, attempt);
  const state = async () => (await reconcile(store, run.projectDir, run.id, Date.now())).state;
  if (run.id.includes("killed") && attempt === 1) {
    await until(async () => (await state()) === "running");
    process.kill((await localLauncher.find(run.dir, 1))!.pid, "SIGKILL");
  }
  await until(async () => ["succeeded", "failed"].includes(await state()));
}

function content(store: Store): { runs: Record<string, unknown>[]; events: unknown[] } {
  const runs = store.prepare("SELECT * FROM runs ORDER BY id").all() as Record<string, unknown>[];
  return { runs, events: store.prepare("SELECT * FROM events ORDER BY run, attempt, seq").all() };
}

describe("reindexRuns", () => {
  it("stores what live following stored, and again changes nothing", async () => {
    const projectDir = emptyFolder();
    const store = openStore(projectDir);
    await live(store, fakeRun("losses 5 0", { projectDir, id: "a-good" }));
    const killed = fakeRun("hang", { projectDir, id: "b-killed" });
    await live(store, killed);
    const resumed = fakeRun("hang", { projectDir, id: "c-killed-resumed" });
    await live(store, resumed);
    writeFileSync(join(resumed.dir, "behaviour.txt"), "losses 3 0");
    await live(store, resumed, 2);
    // Neither left a last word: one was killed as it was asked, one never had a trainer.
    const cancelled = fakeRun("stubborn", { projectDir, id: "d-cancelled" });
    await start(store, cancelled);
    await until(async () => (await reconcile(store, projectDir, cancelled.id, Date.now())).step !== null);
    createRun(store, fakeRun("hang", { projectDir, id: "e-never-began" }).job);
    for (const id of ["d-cancelled", "e-never-began"])
      await cancelRun(store, projectDir, id, { now: Date.now, graceMs: 0, onNotice: () => undefined });
    const before = content(store);
    expect(before.runs.slice(3).map(({ state }) => state)).toEqual(["cancelled", "cancelled"]);
    store.close();
    setAside(projectDir, 1);

    const rebuilt = openStore(projectDir);
    expect(await reindexRuns(rebuilt, projectDir)).toEqual({ runs: 5, problems: [] });
    const after = content(rebuilt);
    expect(after.events).toEqual(before.events);
    expect(after.runs.map(timeless)).toEqual(before.runs.map(timeless));
    await reindexRuns(rebuilt, projectDir);
    expect(content(rebuilt)).toEqual(after);
    rebuilt.close();
  });

  it("leaves out what is no run, and says so where a person should know", async () => {
    const projectDir = emptyFolder();
    mkdirSync(join(runsDir(projectDir), ".new-x"), { recursive: true });
    mkdirSync(join(runsDir(projectDir), "half"));
    const store = openStore(projectDir);
    const { runs, problems } = await reindexRuns(store, projectDir);
    expect(runs).toBe(0);
    expect(problems).toEqual([expect.stringMatching(/^run half: .*manifest/)]);
    store.close();
  });
});

/** When a killed trainer died is known to the second only. */
function timeless({ ended_at, ...row }: Record<string, unknown>): unknown {
  const isKilled = row.failure_class === "killed" || row.state === "cancelled";
  return { ...row, ended: isKilled ? ended_at !== null : ended_at };
}
