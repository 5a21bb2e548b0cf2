// Cold start of `ft --version`, `ft --help` and `ft plan` against `node -e 0`.
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { comparePairs } from "./measure.mjs";

const ft = new URL("../dist/cli/main.js", import.meta.url).pathname;

function timed(args, options = {}) {
  const start = process.hrtime.bigint();
  const { status } = spawnSync(process.execPath, args, { stdio: "ignore", ...options });
  if (status !== 0) throw new Error(`node ${args.join(" ")} exited with ${status}`);
  return Number(process.hrtime.bigint() - start) / 1e6;
}

export async function benchColdStart() {
  const peer = { name: "node -e 0", run: () => timed(["-e", "0"]) };
  const dir = mkdtempSync(join(tmpdir(), "ft-bench-"));
  try {
    const here = { cwd: dir, env: { PATH: process.env.PATH, HOME: dir } };
    timed([ft, "init", "--base", "llama4-8b", "--method", "qlora"], here);
    const plan = { run: () => timed([ft, "plan"], here) };
    const bare = await comparePairs("ft plan, no data", 6, 21, plan, peer);
    writeRows(dir);
    return [
      await comparePairs("ft --version", 1.5, 21, { run: () => timed([ft, "--version"]) }, peer),
      await comparePairs("ft --help", 2, 21, { run: () => timed([ft, "--help"]) }, peer),
      bare,
      await comparePairs("ft plan, 200 rows", 6, 21, plan, peer),
    ];
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

function writeRows(dir) {
  mkdirSync(join(dir, "data"));
  const rows = Array.from({ length: 200 }, (_, n) => ({
    messages: [
      { role: "user", content: `ticket ${n}: ${"the red lamp is broken ".repeat(1 + (n % 40))}` },
      { role: "assistant", content: '{"colour":"red"}' },
    ],
  }));
  writeFileSync(join(dir, "data/train.jsonl"), rows.map((row) => `${JSON.stringify(row)}\n`).join(""));
}
