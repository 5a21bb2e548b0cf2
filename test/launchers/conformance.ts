// What every launcher must do, run against each with its real daemon: src/launchers/contract.ts as tests. No engine: the trainer is a small fixture.
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { execa } from "execa";
import { beforeAll, describe, expect, it } from "vitest";
import type { Launcher, Submission } from "../../src/launchers/contract.js";
import { packageRoot } from "../../src/paths.js";
import type { Target } from "../../src/recipes/schema/targets.js";
import { type FakeRun, fakeRun, until } from "../fake-run.js";

export interface Conforming {
  launcher: Launcher<unknown>;
  target: Target;
  /** Kills the trainer of an attempt from outside, as an out-of-memory killer would. */
  killTrainer(run: FakeRun, handle: unknown): Promise<void>;
  /** How many trainers of the run are there: processes, containers, jobs. */
  trainers(run: FakeRun): Promise<number>;
  /** Python of `submission.python`, where the launcher uses this machine's environment. */
  python?: string;
}

interface Given extends Conforming {
  /** What is ended after the test. */
  submitted: unknown[];
}

/** How long a platform may take to start or notice something, on a slow machine too. */
const patienceMs = 60_000;
const start = { inode: 0, offset: 0 };
/** A daemon, and what it needs, may have to be fetched first. */
export const setUpMs = 10 * 60_000;

/** `setUp` runs once; null: the daemon cannot be had here, which it has said loudly. */
export function conformance(name: string, setUp: () => Promise<Conforming | null>): void {
  let made: Conforming | null = null;
  let count = 0;

  // Side by side: most of each test is waiting for a platform, and a launcher has many runs at once anyway.
  describe.concurrent(`${name} as a launcher`, { timeout: 300_000 }, () => {
    beforeAll(async () => {
      made = await setUp();
    }, setUpMs);

    function test(title: string, body: (given: Given) => Promise<void>): void {
      it(title, async ({ skip }) => {
        if (made === null) return skip();
        const given: Given = { ...made, submitted: [] };
        try {
          await body(given);
        } finally {
          for (const handle of given.submitted) await given.launcher.cancel(handle, 0);
        }
      });
    }

    function made1(given: Conforming, behaviour: string): FakeRun {
      const id = `20260101-120000-${process.pid.toString(36)}${(count++).toString(36)}${Date.now().toString(36).slice(-4)}`;
      return fakeRun(behaviour, {
        id,
        target: { name, settings: given.target },
        ...(given.python ? { python: given.python } : {}),
      });
    }

    async function submit({ launcher, submitted }: Given, { submission }: FakeRun, more: Partial<Submission> = {}) {
      const handle = await launcher.submit({ ...submission, ...more });
      submitted.push(handle);
      return launcher.parseHandle(JSON.parse(JSON.stringify(handle))); // as a later ft has it
    }

    async function seen({ launcher }: Conforming, handle: unknown, from = start): Promise<string> {
      return Buffer.from((await launcher.observe(handle, from)).bytes).toString("utf8");
    }

    async function livenessOf({ launcher }: Conforming, handle: unknown) {
      return (await launcher.observe(handle, start)).liveness;
    }

    test("a run's events come home from any byte offset, until it is over", async (given) => {
      const run = made1(given, "losses 5 0.05");
      const handle = await submit(given, run);
      await until(async () => (await seen(given, handle)).includes('"end"'), patienceMs);
      await until(async () => ["ended", "gone"].includes(await livenessOf(given, handle)), patienceMs);
      const all = await given.launcher.observe(handle, start);
      const lines = Buffer.from(all.bytes).toString("utf8").trim().split("\n");
      expect(lines.map((line) => JSON.parse(line).seq)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
      const rest = await given.launcher.observe(handle, { inode: all.inode, offset: 10 });
      expect(Buffer.from(rest.bytes)).toEqual(Buffer.from(all.bytes.subarray(10)));
      expect(readFileSync(join(run.dir, "stdout.log"), "utf8")).toContain("done");
    });

    test("the same attempt submitted twice, one after the other and at the same moment, is started once", async (given) => {
      const run = made1(given, "hang");
      const [one, other] = await Promise.all([submit(given, run), submit(given, run)]);
      expect(await submit(given, run)).toEqual(one);
      expect(other).toEqual(one);
      await until(async () => (await seen(given, one)).includes("metric"), patienceMs);
      await until(async () => (await given.trainers(run)) === 1, patienceMs); // one that found the other is on its way out
    });

    test("two processes that submit the same attempt start it once", async (given) => {
      const run = made1(given, "hang");
      writeFileSync(join(run.dir, "submission.json"), JSON.stringify(run.submission));
      const both = [0, 1].map(() => execa(process.execPath, [join(packageRoot, "test/fixtures/submit.mjs"), run.dir]));
      const [one, other] = (await Promise.all(both)).map(({ stdout }) => JSON.parse(stdout) as unknown);
      given.submitted.push(one);
      expect(other).toEqual(one);
      await until(async () => (await given.trainers(run)) === 1, patienceMs);
    });

    test("an attempt whose ft died before it could store the handle is found again", async (given) => {
      const run = made1(given, "hang");
      expect(await given.launcher.find(run.dir, 1)).toBeNull();
      const handle = await submit(given, run);
      expect(await given.launcher.find(run.dir, 1)).toEqual(handle);
      expect(await given.launcher.find(run.dir)).toEqual(handle);
      expect(await given.launcher.find(run.dir, 2)).toBeNull();
    });

    test("a trainer that is killed from outside is noticed, with every event that it wrote", async (given) => {
      const run = made1(given, "hang");
      const handle = await submit(given, run);
      await until(async () => (await seen(given, handle)).includes("metric"), patienceMs);
      expect(await livenessOf(given, handle)).toBe("running");
      await given.killTrainer(run, handle);
      await until(async () => ["ended", "gone"].includes(await livenessOf(given, handle)), patienceMs);
      expect((await seen(given, handle)).trim().split("\n")).toHaveLength(3);
    });

    test("cancelling ends a trainer that ignores SIGTERM, and all that it started", async (given) => {
      const run = made1(given, "stubborn");
      const handle = await submit(given, run);
      await until(async () => (await seen(given, handle)).includes("metric"), patienceMs);
      await given.launcher.cancel(handle, 300);
      expect(["ended", "gone"]).toContain(await livenessOf(given, handle));
      expect(await given.trainers(run)).toBe(0);
      await given.launcher.cancel(handle, 0); // what is gone
    });

    test("a trainer that is asked to end writes its last words, and they come home", async (given) => {
      const run = made1(given, "polite");
      const handle = await submit(given, run);
      await until(async () => (await seen(given, handle)).includes("metric"), patienceMs);
      await given.launcher.cancel(handle, 30_000);
      expect(await seen(given, handle)).toContain('"cancelled"');
      expect(await given.trainers(run)).toBe(0);
    });

    test("what a run made comes home", async (given) => {
      const run = made1(given, "makes out/adapter/adapter_model.safetensors 300000");
      const handle = await submit(given, run);
      await until(async () => ["ended", "gone"].includes(await livenessOf(given, handle)), patienceMs);
      await given.launcher.collect(handle);
      await given.launcher.collect(handle);
      expect(readFileSync(join(run.dir, "out/adapter/adapter_model.safetensors"))).toHaveLength(300_000);
      expect(readdirSync(join(run.dir, "out/adapter"))).toEqual(["adapter_model.safetensors"]);
    });

    test("a trainer that does not start says why", async (given) => {
      const run = made1(given, "exit 1");
      const outcome = await submit(given, run).then(
        async (handle) => {
          await until(async () => ["ended", "gone"].includes(await livenessOf(given, handle)), patienceMs);
          return readFileSync(join(run.dir, "stdout.log"), "utf8");
        },
        (error: { message: string; why?: string }) => `${error.message} ${error.why}`,
      );
      expect(outcome).toContain("no module named torch");
    });

    test("secrets reach the trainer as a file that only its user can read, and stand nowhere in the job folder", async (given) => {
      const run = made1(given, "secrets");
      const secrets = { HF_TOKEN: "hf_conformance0123456789" };
      const handle = await submit(given, run, { secrets });
      await until(async () => (await seen(given, handle)).includes('"end"'), patienceMs);
      if (given.target.launcher !== "local")
        expect(readFileSync(join(run.dir, "stdout.log"), "utf8")).toContain("HF_TOKEN 600");
      for (const entry of readdirSync(run.dir, { recursive: true, withFileTypes: true })) {
        if (!entry.isFile()) continue;
        expect(readFileSync(join(entry.parentPath, entry.name), "latin1")).not.toContain(secrets.HF_TOKEN);
      }
      expect(JSON.stringify(handle)).not.toContain(secrets.HF_TOKEN);
    });

    test("what is left on the target is listed, and can be ended", async (given) => {
      const run = made1(given, "hang");
      const handle = await submit(given, run);
      await until(async () => (await seen(given, handle)).includes("metric"), patienceMs);
      const mine = async () => (await given.launcher.leftovers(given.target)).filter((left) => left.run === run.id);
      if (given.target.launcher === "local") return expect(await mine()).toEqual([]);
      const [leftover] = await mine();
      expect(leftover).toMatchObject({ attempt: 1, isAlive: true });
      await given.launcher.end(given.target, leftover!);
      expect(await given.trainers(run)).toBe(0);
      await until(async () => !(await mine()).some(({ isAlive }) => isAlive), patienceMs);
    });

    test("a run's folder on the target is listed apart from what runs, and is removed when it is asked for; home keeps its own", async (given) => {
      const { folders, end } = given.launcher;
      const mine = async () => (await folders?.(given.target))?.filter((left) => left.run === run.id) ?? [];
      const run = made1(given, "hang");
      const handle = await submit(given, run);
      await until(async () => (await seen(given, handle)).includes("metric"), patienceMs);
      const [folder] = await mine();
      await given.launcher.cancel(handle, 0);
      if (folder === undefined) return; // there is none but at home, or in a store
      expect(folder).toMatchObject({ attempt: 1, isAlive: false, handle: null });
      await end(given.target, folder);
      expect(await mine()).toEqual([]);
      expect(existsSync(join(run.dir, "job.json"))).toBe(true);
    });

    test("what is there can be asked without starting anything", async (given) => {
      const { device, checks } = await given.launcher.probe(given.target);
      expect(device.count).toBeGreaterThanOrEqual(0);
      expect(checks.length).toBeGreaterThan(0);
      expect(checks.filter(({ status }) => status === "missing")).toEqual([]);
    });

    test("nothing of the run's folder is lost at home", async (given) => {
      const run = made1(given, "losses 1 0");
      const before = readdirSync(run.dir);
      const handle = await submit(given, run);
      await until(async () => ["ended", "gone"].includes(await livenessOf(given, handle)), patienceMs);
      for (const name of before) expect(existsSync(join(run.dir, name)), name).toBe(true);
    });
  });
}
