// Which run counts as the one that a command would start: real folders, a real store, a real lock.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { fakeRun } from "../../test/fake-run.js";
import { withFileLock } from "../file-lock.js";
import { submitLock } from "../launchers/contract.js";
import type { RunLock } from "../runs/lock.js";
import { createRun, getRun, setHandle } from "../runs/run-store.js";
import { openStore } from "../store/open.js";
import { liveRun } from "./unchanged.js";

const wanted = { key: "k", ft: "0", trainer: "t", device: { kind: "cpu", bf16: false } };

it("a run without a handle is on its way while an ft holds its submit lock, as a sweep does with a job array, and else is none", async () => {
  const { projectDir, id, dir, job } = fakeRun("hang");
  const lock: RunLock = {
    ...{ version: 1, ...wanted, recipe: "r", base: { asked: "b", id: "b", revision: "0" }, template: null, git: null },
    data: { train: "d", eval: null },
    engine: { name: "trl", version: "0", lock: "l", accelerator: "cpu" },
  };
  writeFileSync(join(dir, "lock.json"), JSON.stringify(lock));
  const store = openStore(projectDir);
  createRun(store, job);
  const live = async () => (await liveRun(store, projectDir, wanted))?.id;
  expect(await live()).toBeUndefined();
  expect(await withFileLock(join(dir, submitLock), live)).toBe(id);
  expect(await live()).toBeUndefined();
  setHandle(store, getRun(store, id), { pid: 1 });
  expect(await live()).toBe(id);
  store.close();
});
