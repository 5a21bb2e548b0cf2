// A newcomer's way with the packed tarball in an empty folder elsewhere: init, check, run, adapters. Real TRL on the tiny model.
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { execa } from "execa";
import { describe, expect, it } from "vitest";
import { packageRoot } from "../src/paths.js";
import { emptyFolder, ft, requiredEnv, tinyProject } from "./project.js";

const minutes = 60_000;

describe("the packed tarball", () => {
  it(
    "holds every asset: init, run and adapters ls work from an empty folder, and write nowhere else in it",
    async () => {
      const binary = await unpackTarball();
      const dir = emptyFolder();
      const source = tinyProject();
      cpSync(join(source, "data/train.jsonl"), join(dir, "my.jsonl"));
      const run = (...args: string[]) =>
        execa(process.execPath, [binary, ...args], {
          cwd: dir,
          env: { PATH: process.env.PATH, HOME: process.env.HOME, FT_CACHE: process.env.FT_CACHE },
          extendEnv: false,
          reject: false,
        });

      const base = requiredEnv("FT_TEST_TINY_MODEL");
      expect(
        (await run("init", "--base", base, "--method", "lora", "--data", "my.jsonl", "--name", "bot")).exitCode,
      ).toBe(0);
      expect((await run("data", "check")).exitCode).toBe(0);
      const trained = await run("run", "--set", "train.max_steps=4", "--set", "eval.max_new_tokens=8");
      expect(trained.exitCode, trained.stderr).toBe(0);
      expect(trained.stdout).toMatch(/exact match/);
      expect(trained.stdout).toMatch(/adapter bot@1 {2}\.ft\/runs\/.*\/out\/adapter/);
      expect((await run("adapters", "ls")).stdout).toContain("bot@1");
      expect((await run("adapters", "verify", "bot")).exitCode).toBe(0);
      expect(readdirSync(dir).sort()).toEqual([".ft", ".gitignore", "ft.yaml", "my.jsonl"]);
    },
    15 * minutes,
  );
});

describe("ft run", () => {
  it.each(["full", "qlora"] as const)(
    "trains, tells the tokens that the engine really trains, evaluates and registers with method %s",
    async (method) => {
      const dir = tinyProject({ method, maxSteps: 3 });
      const result = await ft(["run", "--json"], dir);
      expect(result.exitCode, result.stderr).toBe(0);
      const { adapter } = JSON.parse(result.stdout);
      expect(adapter).toMatchObject({ name: "tiny", version: 1, method, engine: { name: "trl" } });
      expect(adapter.comparison.map((row: { metric: string }) => row.metric)).toContain("loss");
      const verified = await ft(["adapters", "verify", "tiny"], dir);
      expect(verified.exitCode, verified.stdout).toBe(0);
      const [run] = readdirSync(join(dir, ".ft/runs"));
      const events = readFileSync(join(dir, ".ft/runs", run!, "events.jsonl"), "utf8")
        .trim()
        .split("\n");
      const samples = events.map((line) => JSON.parse(line)).filter(({ kind }) => kind === "sample");
      expect(samples.length).toBeGreaterThan(0);
      // To the end of the turn.
      expect(samples[0].trainedText.replaceAll(" ", "")).toMatch(/^\{"colour":"\w+"\}<\|im_end\|>/);
    },
    15 * minutes,
  );

  it("says with --dry-run what it would do, and writes nothing", async () => {
    const dir = tinyProject();
    const before = readdirSync(dir);
    const plan = JSON.parse((await ft(["run", "--dry-run", "--json"], dir)).stdout).plan;
    expect(plan).toMatchObject({ name: "tiny", steps: 6, data: { trainRows: 64, evalRows: 8 } });
    expect(Object.keys(plan.rendering.files)).toContain("config/trl.yaml");
    expect(readdirSync(dir)).toEqual(before);
  });
});

/** `npm pack`, unpacked, with this checkout's node_modules beside it. Returns the path of its binary. */
async function unpackTarball(): Promise<string> {
  const dir = emptyFolder();
  const { stdout } = await execa("npm", ["pack", "--ignore-scripts", "--json", "--pack-destination", dir], {
    cwd: packageRoot,
  });
  const packed = JSON.parse(stdout);
  const { filename } = (Array.isArray(packed) ? packed : Object.values(packed))[0] as { filename: string };
  mkdirSync(join(dir, "lib"));
  await execa("tar", ["-xzf", join(dir, filename), "-C", join(dir, "lib")]);
  symlinkSync(join(packageRoot, "node_modules"), join(dir, "lib/package/node_modules"));
  expect(existsSync(join(dir, "lib/package/dist/cli/main.js"))).toBe(true);
  return join(dir, "lib/package/dist/cli/main.js");
}
