// Ctrl-C in the middle of a pass over a large file, through the built binary: it ends at once with the documented code and leaves no file.
import { readdirSync, readlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { beforeAll, expect, it } from "vitest";
import { emptyFolder, ft, requiredEnv } from "./project.js";

let dir: string;

/** 60 MB: some seconds of each verb, and enough for threads. */
beforeAll(() => {
  dir = emptyFolder();
  const row = (n: number) => {
    const text = Array.from({ length: 90 }, (_, at) => ((n * 7919 + at * 104729) % 999983).toString(36)).join(" ");
    return `${JSON.stringify({ prompt: `${n}: ${text}?`, completion: text })}\n`;
  };
  writeFileSync(join(dir, "big.jsonl"), Array.from({ length: 60_000 }, (_, n) => row(n)).join(""));
});

it.each([
  ["check", []],
  ["check", ["--model", "FT_TEST_MODEL"]],
  ["convert", ["--to", "messages", "--out", "out.jsonl"]],
  ["dedupe", ["--out", "out.jsonl"]],
  ["stats", []],
])(
  "ft data %s %s",
  async (verb, args) => {
    const model = requiredEnv("FT_TEST_MODEL");
    const running = ft(
      ["data", verb, "big.jsonl", ...args.map((each) => (each === "FT_TEST_MODEL" ? model : each))],
      dir,
    );
    while (!(await isReading(running.pid!))) await sleep(50);
    const asked = Date.now();
    running.kill("SIGINT");
    const { exitCode, stdout, stderr } = await running;
    expect(Date.now() - asked).toBeLessThan(8_000);
    expect({ exitCode, stdout }).toEqual({ exitCode: 10, stdout: "" });
    expect(stderr).toContain("error: interrupted");
    expect(readdirSync(dir)).toEqual(["big.jsonl"]);
  },
  60_000,
);

/** It has had the file open for a while: a look at its first bytes is over at once. */
async function isReading(pid: number): Promise<boolean> {
  const hasOpen = () =>
    readdirSync(`/proc/${pid}/fd`).some((fd) => {
      try {
        return readlinkSync(`/proc/${pid}/fd/${fd}`).endsWith("big.jsonl");
      } catch {
        return false; // closed in between
      }
    });
  if (!hasOpen()) return false;
  await sleep(300);
  return hasOpen();
}
