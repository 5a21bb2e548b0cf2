// The tests' own sshd is what they take it for: a login with nothing of ~/.ssh, a jump host, a link that falls silent and comes back.
import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Sshd, startSshd } from "./sshd.js";

let sshd: Sshd | null;
beforeAll(async () => {
  sshd = await startSshd({ env: { FT_TEST_WORD: "two words" } });
}, 300_000);
afterAll(async () => await sshd?.stop());

const ssh = (...args: string[]) =>
  execa("ssh", ["-F", sshd!.configFile, "-o", "BatchMode=yes", ...args], { reject: false });

describe("startSshd", () => {
  it("lets the client in, with the environment that was asked for", async (test) => {
    if (!sshd) return test.skip();
    const { stdout, stderr } = await ssh("box", "echo $HOME; echo $FT_TEST_WORD");
    expect(stdout, stderr).toBe(`${sshd.home}\ntwo words`);
  });

  it("reaches the inner host through box alone", async (test) => {
    if (!sshd) return test.skip();
    expect((await ssh("inner", "echo hello")).stdout).toBe("hello");
    sshd.cut();
    const { exitCode, stderr } = await ssh("-o", "ConnectTimeout=1", "inner", "echo hello");
    sshd.restore();
    expect([exitCode, stderr]).toEqual([255, expect.stringMatching(/timed out|timeout|closed/i)]);
  });

  it("cut, is silent on open connections and new ones, and goes on with the open one afterwards", async (test) => {
    if (!sshd) return test.skip();
    const open = ssh("box", "for i in 1 2 3 4 5 6; do echo $i; sleep 0.2; done");
    await new Promise((resolve) => open.stdout.once("data", resolve));
    sshd.cut();
    const before = performance.now();
    const fresh = await ssh("-o", "ConnectTimeout=1", "box", "true");
    expect([fresh.exitCode, performance.now() - before > 900]).toEqual([255, true]);
    await new Promise((resolve) => setTimeout(resolve, 1500));
    expect(open.exitCode).toBeNull();
    sshd.restore();
    expect((await open).stdout).toBe("1\n2\n3\n4\n5\n6");
  });

  it("restarted, has ended what was open and lets the client in again", async (test) => {
    if (!sshd) return test.skip();
    const open = ssh("box", "echo here; sleep 60");
    await new Promise((resolve) => open.stdout.once("data", resolve));
    await sshd.restart();
    expect((await open).exitCode).toBe(255);
    expect((await ssh("box", "echo hello")).stdout).toBe("hello");
  });
});
