// The lock between ft processes: one at a time, and a dead owner does not block the living.
import { existsSync, mkdirSync, mkdtempSync, readFileSync, utimesSync, writeFileSync } from "node:fs";
import { hostname, tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { execa } from "execa";
import { expect, test } from "vitest";
import { withFileLock } from "./file-lock.js";
import { startTime } from "./start-time.js";

const newLock = () => join(mkdtempSync(join(tmpdir(), "ft-lock-")), "sub/x.lock");

test("work under one lock never overlaps, and the lock is gone afterwards", async () => {
  const file = newLock();
  let inside = 0;
  let most = 0;
  const work = () =>
    withFileLock(file, async () => {
      most = Math.max(most, ++inside);
      await sleep(20);
      inside--;
    });
  await Promise.all([work(), work(), work()]);
  expect(most).toBe(1);
  expect(existsSync(file)).toBe(false);
});

test("a lock whose owner died is taken over, and still by one at a time", async () => {
  const file = newLock();
  await withFileLock(file, async () => undefined);
  const { stdout: pid } = await execa(process.execPath, ["-p", "process.pid"]);
  writeFileSync(file, JSON.stringify({ pid: Number(pid), host: hostname() }));
  const order: string[] = [];
  const work = (name: string) =>
    withFileLock(file, async () => {
      order.push(`${name} in`);
      await sleep(20);
      order.push(`${name} out`);
    });
  await Promise.all([work("a"), work("b")]);
  expect(order.map((step) => step.split(" ")[1])).toEqual(["in", "out", "in", "out"]);
});

test("waiting names the owner once and ends when it is aborted", async () => {
  const file = newLock();
  const waited: number[] = [];
  const controller = new AbortController();
  await withFileLock(file, async () => {
    const second = withFileLock(file, async () => undefined, {
      signal: controller.signal,
      onWait: (pid) => {
        waited.push(pid);
        controller.abort();
      },
    });
    await expect(second).rejects.toMatchObject({ name: "AbortError" });
  });
  expect(waited).toEqual([process.pid]);
});

/** As an owner left it that has not touched it for two minutes. */
function silentLock(owner: object): string {
  const file = newLock();
  mkdirSync(dirname(file));
  writeFileSync(file, JSON.stringify(owner));
  const then = new Date(Date.now() - 120_000);
  utimesSync(file, then, then);
  return file;
}
const isTaken = (file: string) =>
  withFileLock(file, async () => true, { signal: AbortSignal.timeout(1_000) }).catch(() => false);

test("a process of this machine keeps its lock however long it is silent, until it is dead", async () => {
  const owner = execa("sleep", ["600"], { reject: false });
  owner.kill("SIGSTOP");
  const file = silentLock({ pid: owner.pid, host: hostname(), since: 1, startTime: await startTime(owner.pid!) });
  expect(await isTaken(file)).toBe(false);
  owner.kill("SIGKILL");
  await owner;
  expect(await isTaken(file)).toBe(true);
});

test.each([
  ["on another machine", { pid: process.pid, host: "elsewhere", startTime: "1" }],
  ["of another process that had this pid", { pid: process.pid, host: hostname(), startTime: "1" }],
  ["of an older ft, which says not when it started", { pid: process.pid, host: hostname(), since: 1 }],
  ["that says not whose it is", {}],
])("the lock of a silent owner %s is taken over", async (_, owner) => {
  expect(await isTaken(silentLock(owner))).toBe(true);
});

test("who has lost its lock leaves that of the next owner", async () => {
  const file = newLock();
  const next = JSON.stringify({ pid: 1, host: "elsewhere" });
  await withFileLock(file, async () => writeFileSync(file, next));
  expect(readFileSync(file, "utf8")).toBe(next);
});
