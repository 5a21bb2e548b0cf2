// The lock between ft processes: one at a time, and a dead owner does not block the living.
import { existsSync, mkdtempSync, writeFileSync } from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { execa } from "execa";
import { expect, test } from "vitest";
import { withFileLock } from "./file-lock.js";

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
