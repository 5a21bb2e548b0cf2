// The local launcher with real processes: found again, not started twice, ended with everything they started.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { execa } from "execa";
import { afterEach, describe, expect, it } from "vitest";
import { type FakeRun, fakeRun, until } from "../../../test/fake-run.js";
import { packageRoot } from "../../paths.js";
import { isAlive, startTime } from "../../start-time.js";
import { type LocalHandle, localLauncher } from "./index.js";

const { submit, observe, cancel, find } = localLauncher;
const start = { inode: 0, offset: 0 };
const handles: LocalHandle[] = [];

async function begin({ submission }: FakeRun): Promise<LocalHandle> {
  const handle = await submit(submission);
  handles.push(handle);
  return handle;
}

afterEach(async () => {
  for (const handle of handles.splice(0)) await cancel(handle, 0);
});

async function childOf({ dir }: FakeRun): Promise<number> {
  await until(() => existsText(join(dir, "child.pid")) !== "");
  return Number(existsText(join(dir, "child.pid")));
}

function existsText(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}

describe("submit", () => {
  it("starts the trainer in a session of its own and says what it is found by", async () => {
    const run = fakeRun("hang");
    const handle = await begin(run);
    expect(await startTime(handle.pid)).toBe(handle.startTime);
    expect(readFileSync(`/proc/${handle.pid}/stat`, "utf8").split(") ")[1]!.split(" ").slice(2, 4)).toEqual([
      String(handle.pid),
      String(handle.pid),
    ]);
    expect(await find(run.dir, 1)).toEqual(handle);
    expect(await find(run.dir, 2)).toBeNull();
  });

  it("asked twice for an attempt finds the running one", async () => {
    const run = fakeRun("hang");
    expect(await begin(run)).toEqual(await begin(run));
  });

  it("asked twice at the same moment starts one", async () => {
    const run = fakeRun("hang");
    const [one, other] = await Promise.all([begin(run), begin(run)]);
    expect(one).toEqual(other);
  });

  it("is not misled by what a dead trainer of the same attempt left", async () => {
    const run = fakeRun("hang");
    const stale = { pid: 2 ** 22, startTime: "1", attempt: 1, startedAt: 0 };
    writeFileSync(join(run.dir, "supervisor.json"), JSON.stringify(stale));
    const handle = await begin(run);
    expect(handle.pid).not.toBe(stale.pid);
    expect(await isAlive(handle)).toBe(true);
  });

  it("tells why a trainer did not start, with its last words, and then lets ft end", async () => {
    const run = fakeRun("exit 1");
    const code = `const { localLauncher } = await import(${JSON.stringify(join(packageRoot, "dist/launchers/local/index.js"))});
      await localLauncher.submit(${JSON.stringify(run.submission)}).catch((e) => console.log(e.code, e.message, e.why));`;
    const { stdout } = await execa(process.execPath, ["--input-type=module", "-e", code], { timeout: 10_000 });
    expect(stdout).toBe("launcher.not-started the trainer did not start (exit code 1) no module named torch");
  });

  it("names a Python that is not there", async () => {
    const { submission } = fakeRun("hang");
    await expect(submit({ ...submission, python: "/no/such/python" })).rejects.toMatchObject({
      code: "launcher.not-started",
      message: expect.stringContaining("ENOENT"),
    });
  });
});

describe("observe", () => {
  it("reads on from any byte, and sees that the trainer is gone after kill -9", async () => {
    const run = fakeRun("hang");
    const handle = await begin(run);
    await until(async () => Buffer.from((await observe(handle, start)).bytes).includes("metric"));
    const all = await observe(handle, start);
    expect(all.liveness).toBe("running");
    const rest = await observe(handle, { inode: all.inode, offset: 10 });
    expect(Buffer.from(rest.bytes)).toEqual(Buffer.from(all.bytes.subarray(10)));
    process.kill(handle.pid, "SIGKILL");
    await until(async () => (await observe(handle, start)).liveness === "gone");
    process.kill(await childOf(run), "SIGKILL");
  });

  it("starts anew when the file is another one", async () => {
    const run = fakeRun("losses 2 0");
    const handle = await begin(run);
    await until(async () => (await observe(handle, start)).liveness === "gone");
    const { offset, bytes } = await observe(handle, { inode: 1, offset: 30 });
    expect([offset, Buffer.from(bytes).toString().split("\n").length]).toEqual([0, 6]);
  });
});

describe("cancel", () => {
  it("kills one that ignores SIGTERM, and all of its group", async () => {
    const run = fakeRun("stubborn");
    const handle = await begin(run);
    const child = await childOf(run);
    await until(async () => Buffer.from((await observe(handle, start)).bytes).includes("metric"));
    await cancel(handle, 300);
    expect(await startTime(handle.pid)).toBeNull();
    await until(async () => (await startTime(child)) === null, 2000);
  });

  it("leaves nothing of the group of one that ends by itself when asked", async () => {
    const run = fakeRun("hang");
    const handle = await begin(run);
    const child = await childOf(run);
    await cancel(handle, 5000);
    await until(async () => (await startTime(child)) === null, 2000);
  });

  it("of one that is gone succeeds, twice", async () => {
    const handle = await begin(fakeRun("losses 1 0"));
    await until(async () => !(await isAlive(handle)));
    await cancel(handle, 0);
    await cancel(handle, 0);
  });
});
