// What a launcher must survive, run against each with its real daemon: ft killed at any moment, a daemon restarted, a link cut, a clock that jumps.
// After each: no event lost or doubled, nothing left running, and the state is true within 30 s.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { execa } from "execa";
import { beforeAll, describe, expect, it } from "vitest";
import { packageRoot, runsDir } from "../../src/paths.js";
import { collectRun } from "../../src/pipeline/collect-run.js";
import { reconcile } from "../../src/pipeline/reconcile.js";
import { submitAttempt } from "../../src/pipeline/submit.js";
import { eventsAfter } from "../../src/runs/ingest.js";
import { beginAttempt, createRun, getRun } from "../../src/runs/run-store.js";
import { isFinal, type RunState } from "../../src/runs/state.js";
import { openStore, type Store } from "../../src/store/open.js";
import { type FakeRun, fakeRun, until } from "../fake-run.js";
import { type Conforming, setUpMs } from "./conformance.js";

export interface Faulty extends Conforming {
  /** Restarts the daemon behind the target; runs survive it where the platform promises that. */
  restartDaemon?(): Promise<void>;
}

export interface Linked extends Conforming {
  /** Of ft to the target. Cut, nothing passes and nobody is told. */
  link: { cut(): void; restore(): void };
}

const recoveryMs = 30_000;
const moments = 20;
const lanes = 4;

/** `setUp` runs once; null: the daemon cannot be had here, which it has said loudly. */
export function faults(name: string, setUp: () => Promise<Faulty | null>): void {
  let made: Faulty | null = null;

  describe(`${name} and what goes wrong`, { timeout: 900_000 }, () => {
    beforeAll(async () => {
      made = await setUp();
    }, setUpMs);

    function test(title: string, body: (given: Faulty) => Promise<void>): void {
      it(title, async ({ skip }) => {
        const given = made;
        if (given === null) return skip();
        await body(given);
      });
    }

    test(`ft killed with -9 at ${moments} random moments of submit, observe and collect loses nothing and leaves nothing`, async (given) => {
      const whole = await timeOf(given);
      const kill = async (index: number) => {
        // The moments are spread over the whole way; a test that fails says which.
        const afterMs = whole * ((index + Math.random()) / moments);
        const run = newRun(name, given, "makes out/adapter/weights 50000");
        await killedAfter(run, afterMs);
        await expectWhole(given, run, `killed after ${Math.round(afterMs)} of ${Math.round(whole)} ms`);
      };
      const lane = async (first: number) => {
        for (let index = first; index < moments; index += lanes) await kill(index);
      };
      await Promise.all(Array.from({ length: lanes }, (_, index) => lane(index)));
    });

    test("a clock that jumps a day, ahead and back, changes no state", async (given) => {
      const { run, store } = await started(name, given, "hang");
      const day = 86_400_000;
      for (const jump of [day, -day, 0]) {
        expect((await reconcile(store, run.projectDir, run.id, Date.now() + jump)).state).toBe("running");
      }
      await given.launcher.cancel(given.launcher.parseHandle(getRun(store, run.id).handle), 0);
      await settle(store, run);
    });

    test("a daemon that is restarted loses no event, and the state is true soon after", async (given) => {
      if (!given.restartDaemon) return;
      const { run, store } = await started(name, given, "losses 60 0.2");
      await given.restartDaemon();
      const state = await settle(store, run);
      expect(state).toBe("succeeded");
      expectEachOnce(store, run, 60);
    });

    /** Of one that nobody kills. */
    async function timeOf(given: Faulty): Promise<number> {
      const run = newRun(name, given, "makes out/adapter/weights 50000");
      const begun = performance.now();
      await wholeRun(run);
      return performance.now() - begun;
    }
  });
}

/** The same for a target that ft reaches over a link. */
export function cutLink(name: string, setUp: () => Promise<Linked | null>): void {
  let made: Linked | null = null;

  describe(`${name} and a link that is cut for a minute`, { timeout: 600_000 }, () => {
    beforeAll(async () => {
      made = await setUp();
    }, setUpMs);

    it("is neither lost nor failed meanwhile; soon after its state is true, no event is lost or doubled, and nothing is left", async ({
      skip,
    }) => {
      if (made === null) return skip();
      const given = made;
      const ends = await started(name, given, "losses 60 0.2"); // while the link is cut
      const goesOn = await started(name, given, "losses 360 0.2"); // and somewhat longer
      given.link.cut();
      const cutMs = sleep(60_000);
      try {
        for (const { run, store } of [ends, goesOn]) {
          const words: string[] = [];
          const during = await reconcile(store, run.projectDir, run.id, Date.now() + 3_600_000, (why) =>
            words.push(why),
          );
          expect(during.state).toBe("running");
          expect(words.join()).toMatch(/does not answer/);
        }
        await cutMs;
      } finally {
        given.link.restore();
      }
      const known = () => getRun(goesOn.store, goesOn.run.id).ingested.offset;
      const before = known();
      const comesHome = async () => {
        await reconcile(goesOn.store, goesOn.run.projectDir, goesOn.run.id, Date.now());
        return known() > before;
      };
      const [state] = await Promise.all([settle(ends.store, ends.run), until(comesHome, recoveryMs)]);
      expect(state).toBe("succeeded");
      expectEachOnce(ends.store, ends.run, 60);
      expect(await settle(goesOn.store, goesOn.run, 180_000)).toBe("succeeded");
      expectEachOnce(goesOn.store, goesOn.run, 360);
      for (const { run, store } of [ends, goesOn]) {
        await collectRun(store, run.projectDir, run.id);
        await until(async () => (await given.trainers(run)) === 0);
      }
      const left = await given.launcher.leftovers(given.target);
      expect(left.filter(({ run }) => [ends.run.id, goesOn.run.id].includes(run))).toEqual([]);
    });
  });
}

let count = 0;

function newRun(name: string, given: Conforming, behaviour: string): FakeRun {
  const id = `20260101-120000-f${process.pid.toString(36)}${(count++).toString(36)}${Date.now().toString(36).slice(-4)}`;
  const target = { name, settings: given.target };
  const run = fakeRun(behaviour, { id, target, ...(given.python ? { python: given.python } : {}) });
  writeFileSync(join(run.dir, "submission.json"), JSON.stringify(run.submission));
  return run;
}

async function started(name: string, given: Conforming, behaviour: string): Promise<{ run: FakeRun; store: Store }> {
  const run = newRun(name, given, behaviour);
  const store = openStore(run.projectDir);
  createRun(store, { ...run.job, createdAt: Date.now() });
  await submitAttempt(store, run.submission, context(run));
  await until(async () => (await reconcile(store, run.projectDir, run.id, Date.now())).step !== null, recoveryMs);
  return { run, store };
}

function wholeRun(run: FakeRun) {
  return execa(process.execPath, [join(packageRoot, "test/fixtures/whole-run.mjs"), run.projectDir, run.id]);
}

async function killedAfter(run: FakeRun, afterMs: number): Promise<void> {
  const child = wholeRun(run);
  child.catch(() => undefined);
  await sleep(afterMs);
  child.kill("SIGKILL");
  await child.catch(() => undefined);
}

function context(run: FakeRun) {
  return {
    ...{ env: run.submission.env, now: Date.now },
    ...{ onProgress: () => undefined, signal: new AbortController().signal },
  };
}

async function settle(store: Store, run: FakeRun, limitMs = recoveryMs): Promise<RunState> {
  const state = async () => (await reconcile(store, run.projectDir, run.id, Date.now())).state;
  const isOver = (one: RunState) => isFinal(one) || one === "lost";
  await until(async () => isOver(await state()), limitMs);
  return state();
}

/** Whatever ft had done before it was killed: the run gets to its end, once, with all that it made at home. */
async function expectWhole(given: Faulty, run: FakeRun, moment: string): Promise<void> {
  const store = openStore(run.projectDir);
  try {
    createRun(store, { ...run.job, createdAt: Date.now() }); // where ft died before that
    let state = await settle(store, run);
    expect(["succeeded", "lost"], moment).toContain(state);
    if (state === "lost") {
      expect(await given.trainers(run), moment).toBe(0);
      beginAttempt(store, run.id, 2, Date.now());
      await submitAttempt(store, { ...run.submission, attempt: 2 }, context(run));
      state = await settle(store, run);
    }
    expect(state, moment).toBe("succeeded");
    expectEachOnce(store, run, 0);
    // As two terminals do that see the end at the same moment.
    await Promise.all([0, 1].map(() => collectRun(store, run.projectDir, run.id)));
    expect(readFileSync(join(run.dir, "out/adapter/weights")), moment).toHaveLength(50_000);
    await until(async () => (await given.trainers(run)) === 0);
  } finally {
    store.close();
  }
}

/** In the file at home and in the store; `steps` metrics in order. */
function expectEachOnce(store: Store, run: FakeRun, steps: number): void {
  const lines = readFileSync(join(runsDir(run.projectDir), run.id, "events.jsonl"), "utf8")
    .trim()
    .split("\n");
  const numbers = lines.map((line) => JSON.parse(line) as { attempt: number; seq: number });
  expect(new Set(numbers.map(({ attempt, seq }) => `${attempt}.${seq}`)).size).toBe(numbers.length);
  const events = eventsAfter(store, run.id, { attempt: 0, seq: 0 });
  expect(events.map(({ attempt, seq }) => [attempt, seq])).toEqual(numbers.map(({ attempt, seq }) => [attempt, seq]));
  expect(events.filter(({ kind }) => kind === "metric")).toHaveLength(steps);
}
