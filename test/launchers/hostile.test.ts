// A remote that means harm: what it lists, sends and prints neither leaves the run's folder, nor fills the disk, nor acts on the terminal.
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { sshLauncher } from "../../src/launchers/ssh/index.js";
import { packageRoot } from "../../src/paths.js";
import { createRun, getRun, setHandle } from "../../src/runs/run-store.js";
import { openStore } from "../../src/store/open.js";
import { type FakeRun, fakeRun } from "../fake-run.js";
import { emptyFolder } from "../project.js";
import { runFt } from "../run-ft.js";
import { type Sshd, startSshd } from "../services/sshd.js";

let sshd: Sshd | null;

beforeAll(async () => {
  sshd = await startSshd();
}, 60_000);
afterAll(() => sshd?.stop());

const start = { inode: 0, offset: 0 };

/** A run that is said to be on a machine whose python3 does `how`. */
function runOn(box: Sshd, how: string) {
  const there = emptyFolder();
  const python = join(there, "python3");
  cpSync(join(packageRoot, "test/fixtures/hostile-python.mjs"), `${python}.mjs`);
  writeFileSync(python, `#!/bin/sh\nexec node "$0.mjs" "$@"\n`);
  chmodSync(python, 0o755);
  writeFileSync(join(there, "how"), how);
  const run = fakeRun("hang");
  const connection = { host: box.alias, config: box.configFile };
  const handle = {
    home: run.dir,
    attempt: 1,
    connection,
    python,
    dir: "/there/runs/x",
    id: { pid: 1, startTime: "1" },
  };
  return { run, handle };
}

/** Everything below a project, with sizes: what a hostile remote may have changed. */
function contentOf({ projectDir }: FakeRun): string[] {
  return readdirSync(projectDir, { recursive: true, encoding: "utf8" })
    .map((path) => `${path} ${statSync(join(projectDir, path)).size}`)
    .sort();
}

describe("collecting from a remote that", { timeout: 60_000 }, () => {
  it.each([
    ["leads out of the folder", "launcher.hostile"],
    ["names a file with a NUL", "launcher.hostile"],
    ["names a file with an escape code", "launcher.hostile"],
    ["lists a million files", "launcher.hostile"],
    ["sends another file", "launcher.hostile"],
    ["announces a petabyte", "env.disk-full"],
    ["sends something else than it announced", "launcher.damaged"],
  ])("%s is refused (%s), and nothing of it stays", async (how, code) => {
    if (!sshd) return;
    const { run, handle } = runOn(sshd, how);
    const before = contentOf(run);
    const error = await sshLauncher.collect(handle).then(
      () => null,
      (caught) => caught,
    );
    expect(error).toMatchObject({ code });
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these must not be in it
    expect(`${error.message} ${error.why}`).not.toMatch(/[\u0000-\u001f]/);
    const added = contentOf(run).filter(
      (line) => !before.includes(line) && !/events\.jsonl|stdout\.|runs|out$|out \d+$|adapter \d+$/.test(line),
    );
    expect(added).toEqual([]);
    expect(existsSync("/tmp/evil")).toBe(false);
  });

  it("sends for ever is cut off at what it announced", async () => {
    if (!sshd) return;
    const { run, handle } = runOn(sshd, "sends for ever");
    await expect(sshLauncher.collect(handle)).rejects.toMatchObject({ code: "launcher.damaged" });
    expect(contentOf(run).join()).not.toMatch(/weights/);
  });

  it("would be written through a link that lies at home is refused", async () => {
    if (!sshd) return;
    const { run, handle } = runOn(sshd, "sends something else than it announced");
    const elsewhere = emptyFolder();
    mkdirSync(join(run.dir, "out"));
    symlinkSync(elsewhere, join(run.dir, "out/adapter"));
    await expect(sshLauncher.collect(handle)).rejects.toMatchObject({ code: "launcher.hostile" });
    expect(readdirSync(elsewhere)).toEqual([]);
  });
});

describe("watching a remote that", { timeout: 60_000 }, () => {
  it("floods its log costs little disk, and an error says so", async () => {
    if (!sshd) return;
    const { run, handle } = runOn(sshd, "floods the log");
    await expect(sshLauncher.observe(handle, start)).rejects.toMatchObject({ code: "launcher.too-much" });
    expect(contentOf(run).join()).not.toMatch(/stdout\.log/);
  });

  it("prints escape codes, NULs and invalid UTF-8 has them shown as what they are in a terminal, and kept as they are in a pipe", async () => {
    if (!sshd) return;
    const { run, handle } = runOn(sshd, "prints");
    await sshLauncher.observe(handle, start);
    const store = openStore(run.projectDir);
    createRun(store, { ...run.job, createdAt: Date.now(), target: { name: "box", settings: sshTarget(sshd) } });
    setHandle(store, getRun(store, run.id), handle);
    store.close();
    const piped = await runFt(["runs", "logs", "last"], { cwd: run.projectDir });
    expect(piped.out).toContain("\u001b]0;owned\u0007");
    const shown = await runFt(["runs", "logs", "last"], { cwd: run.projectDir, isTTY: true });
    expect(shown.out).toMatch(/^(␛]0;owned␇␀� hello\n)+$/);
  });

  it("writes nonsense as events gives no event, and the run goes on being watched", async () => {
    if (!sshd) return;
    const { run, handle } = runOn(sshd, "writes nonsense as events");
    const { bytes, liveness } = await sshLauncher.observe(handle, start);
    expect(bytes).toHaveLength(10);
    expect(liveness).toBe("gone");
    expect(readFileSync(join(run.dir, "events.jsonl"))).toHaveLength(10);
  });
});

function sshTarget(box: Sshd) {
  const at = { host: box.alias, config: box.configFile };
  return {
    ...{ launcher: "ssh" as const, at, dir: "~/ft-jobs", python: "python3" },
    ...{ base: "fetch" as const, env: {}, secrets: [] },
  };
}
