// What the host makes of an ssh that fails: a program of that name stands in for it.
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { sshHost } from "./ssh.js";

let dir: string;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "ft-fake-ssh-"));
  mkdirSync(join(dir, "tmp"));
  writeFileSync(
    join(dir, "ssh"),
    `#!/bin/sh
echo "$*" >>"${dir}/calls"
case "$*" in
  *"-O check"*) exit 255 ;;
esac
test -e "${dir}/up" && exit 0
echo "ssh: connect to host box port 22: Connection timed out" >&2
exit 255
`,
    { mode: 0o755 },
  );
  vi.stubEnv("PATH", `${dir}:${process.env.PATH}`);
  vi.stubEnv("TMPDIR", join(dir, "tmp"));
});

afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(dir, { recursive: true, force: true });
});

describe("a machine that does not answer", () => {
  it("is asked again by the same process, and found when it is back, without knocking at each question", async () => {
    const host = sshHost({ host: "box" });
    const ask = () => host.run(["true"]);
    for (let times = 0; times < 5; times++)
      await expect(ask()).rejects.toMatchObject({ code: "launcher.unreachable", why: /timed out/, next: /VPN/ });
    expect(readFileSync(join(dir, "calls"), "utf8").match(/-M -N/g)).toHaveLength(1);
    writeFileSync(join(dir, "up"), "");
    await vi.waitFor(async () => expect((await ask()).exitCode).toBe(0), { timeout: 10_000, interval: 100 });
  });
});

describe("the shared connection", () => {
  it("is not looked for in a folder that others may write", async () => {
    writeFileSync(join(dir, "up"), "");
    const shared = join(dir, "tmp", `ft-ssh-${userInfo().uid}`);
    mkdirSync(shared);
    chmodSync(shared, 0o777);
    expect((await sshHost({ host: "box" }).run(["true"])).exitCode).toBe(0);
    const calls = readFileSync(join(dir, "calls"), "utf8");
    expect(calls).toContain("ControlPath=none");
    expect(calls).not.toContain("-M");
    chmodSync(shared, 0o700);
    await sshHost({ host: "box" }).run(["true"]);
    expect(readFileSync(join(dir, "calls"), "utf8")).toContain(`ControlPath=${shared}`);
  });
});
