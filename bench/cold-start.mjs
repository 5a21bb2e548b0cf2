// Cold start of `ft --version` and `ft --help` against `node -e 0`.
import { spawnSync } from "node:child_process";
import { comparePairs } from "./measure.mjs";

const ft = new URL("../dist/cli/main.js", import.meta.url).pathname;

function timed(args) {
  const start = process.hrtime.bigint();
  const { status } = spawnSync(process.execPath, args, { stdio: "ignore" });
  if (status !== 0) throw new Error(`node ${args.join(" ")} exited with ${status}`);
  return Number(process.hrtime.bigint() - start) / 1e6;
}

export async function benchColdStart() {
  const peer = { name: "node -e 0", run: () => timed(["-e", "0"]) };
  return [
    await comparePairs("ft --version", 1.5, 21, { run: () => timed([ft, "--version"]) }, peer),
    await comparePairs("ft --help", 2, 21, { run: () => timed([ft, "--help"]) }, peer),
  ];
}
