// Everything a person can get wrong: one clear message with place and next step, the documented exit code, nothing half-written.
import { execFileSync, spawnSync } from "node:child_process";
import {
  chmodSync,
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { packageRoot } from "../src/paths.js";
import { emptyFolder, ft, tinyProject } from "./project.js";

interface Case {
  wrong: string;
  /** Returns the arguments; spoils the project. */
  spoil(dir: string): string[];
  exit: number;
  says: RegExp;
  next: RegExp;
}

const recipe = (dir: string, text: string) => writeFileSync(join(dir, "ft.yaml"), text);
const minimal = (extra: string) =>
  `name: x\nmodel: { base: smollm2-135m }\nmethod: lora\ndata: { train: data/train.jsonl }\n${extra}`;

const cases: Case[] = [
  { wrong: "no recipe", spoil: () => ["run", "other.yaml"], exit: 3, says: /no recipe other\.yaml/, next: /ft init/ },
  {
    wrong: "broken YAML",
    spoil: (dir) => {
      recipe(dir, "name: x\nmodel: {base: [\n");
      return ["run"];
    },
    exit: 3,
    says: /ft\.yaml:\d+:\d+/,
    next: /mend the recipe/,
  },
  {
    wrong: "an unknown key",
    spoil: (dir) => {
      recipe(dir, minimal("train: { epoch: 2 }\n"));
      return ["run"];
    },
    exit: 3,
    says: /ft\.yaml:5:10: unknown key train\.epoch/,
    next: /did you mean epochs\?/,
  },
  {
    wrong: "a wrong type",
    spoil: (dir) => {
      recipe(dir, minimal("train: { epochs: two }\n"));
      return ["run"];
    },
    exit: 3,
    says: /ft\.yaml:5:10: train\.epochs: expected number/,
    next: /mend the recipe/,
  },
  {
    wrong: "a missing data file",
    spoil: () => ["run", "--set", "data.train=nothing.jsonl"],
    exit: 4,
    says: /nothing\.jsonl/,
    next: /next:/,
  },
  {
    wrong: "an empty data file",
    spoil: (dir) => {
      writeFileSync(join(dir, "data/train.jsonl"), "");
      return ["run"];
    },
    exit: 4,
    says: /data\/train\.jsonl/,
    next: /next:/,
  },
  {
    wrong: "binary data",
    spoil: (dir) => {
      writeFileSync(join(dir, "data/train.jsonl"), Buffer.from([0, 1, 2, 0, 255]));
      return ["run"];
    },
    exit: 4,
    says: /data\/train\.jsonl/,
    next: /next:/,
  },
  {
    wrong: "a row that is no JSON",
    spoil: (dir) => {
      writeFileSync(join(dir, "data/train.jsonl"), '{"messages":[]}\n{oops\n');
      return ["run"];
    },
    exit: 4,
    says: /data\/train\.jsonl:2: FILE001/,
    next: /ft data check/,
  },
  {
    wrong: "a model that does not exist",
    spoil: () => ["run", "--set", "model.base=smollm2-136m"],
    exit: 3,
    says: /smollm2-136m/,
    next: /smollm2-135m/,
  },
  {
    wrong: "half a character",
    spoil: (dir) => {
      writeFileSync(join(dir, "data/train.jsonl"), '{"prompt":"a \\ud800","completion":"b"}\n');
      return ["run"];
    },
    exit: 4,
    says: /data\/train\.jsonl:1: FILE002/,
    next: /ft data check/,
  },
  {
    wrong: "a file where .ft should be",
    spoil: (dir) => {
      writeFileSync(join(dir, ".ft"), "");
      return ["run"];
    },
    exit: 6,
    says: /can't write to .*\.ft/,
    next: /next:/,
  },
  {
    wrong: "a link to nowhere as the folder for a rendering",
    spoil: (dir) => {
      symlinkSync("/nowhere/deep", join(dir, "out"));
      return ["render", "--out", "out"];
    },
    exit: 6,
    says: /link to what is not there/,
    next: /next:/,
  },
  {
    wrong: "a folder that the system does not make",
    spoil: () => ["render", "--out", "/proc/out"],
    exit: 6,
    says: /can't write to \/proc/,
    next: /next:/,
  },
  {
    wrong: "no Python",
    spoil: (dir) => ["run", "--set", `model.base=${process.env.FT_TEST_TINY_MODEL}`, "--json", join(dir, "ft.yaml")],
    exit: 6,
    says: /Python/,
    next: /next:/,
  },
];

describe("ft with bad input", () => {
  it.each(cases)("ends with exit code $exit on $wrong", async ({ wrong, spoil, exit, says, next }) => {
    const dir = tinyProject();
    const args = spoil(dir);
    const before = readdirSync(dir);
    const env = wrong === "no Python" ? { PATH: "/nowhere", FT_CACHE: emptyFolder() } : {};
    const result = await ft(args, dir, env);
    expect(result.exitCode, result.stderr).toBe(exit);
    expect(result.stderr).toMatch(says);
    expect(result.stderr).toMatch(next);
    expect(result.stderr).not.toMatch(/\n {4}at .*\.js:/);
    expect(readdirSync(dir)).toEqual(before);
  });
});

describe("ft where it cannot write", () => {
  const mounts: string[] = [];
  afterAll(() => {
    for (const dir of mounts) execFileSync("umount", [dir]);
  });

  /** A folder that is full or read-only for root too. Null where this machine cannot mount. */
  function mounted(options: string): string | null {
    const dir = emptyFolder();
    try {
      execFileSync("mount", ["-t", "tmpfs", "-o", options, "tmpfs", dir], { stdio: "pipe" });
    } catch {
      process.stderr.write(`NOT TESTED: mount -o ${options} is not allowed here\n`);
      return null;
    }
    mounts.push(dir);
    return dir;
  }

  it("says that a folder is not writable, with exit code 6", async () => {
    const dir = mounted("size=1m,ro") ?? readOnlyFolder();
    if (!dir) return;
    const result = await ft(["init", "--base", "smollm2-135m", "--method", "lora"], dir);
    expect(result.exitCode, result.stderr).toBe(6);
    expect(result.stderr).toContain(dir);
    expect(existsSync(join(dir, "ft.yaml"))).toBe(false);
  });

  it("says that the disk is full, with exit code 6, and leaves nothing of a rendering, recipe or run behind", async () => {
    const dir = mounted("size=64k");
    if (!dir) return;
    const source = tinyProject();
    mkdirSync(join(dir, "data"));
    execFileSync("cp", [join(source, "ft.yaml"), dir]);
    execFileSync("cp", [join(source, "data/train.jsonl"), join(source, "data/eval.jsonl"), join(dir, "data")]);
    const result = await ft(["run"], dir);
    expect(result.exitCode, result.stderr).toBe(6);
    expect(result.stderr).toMatch(/no space left|disk/);
    const runs = join(dir, ".ft/runs");
    expect(existsSync(runs) ? readdirSync(runs) : []).toEqual([]);

    while (writes(join(dir, `rest-${readdirSync(dir).length}`)));
    const before = readdirSync(dir);
    for (const args of [
      ["render", "--out", "rr"],
      ["init", "--base", "smollm2-135m", "--method", "lora", "--force"],
    ]) {
      const { exitCode, stderr } = await ft(args, dir);
      expect(exitCode, stderr).toBe(6);
      expect(stderr).toMatch(/free some space/);
    }
    expect(readdirSync(dir)).toEqual(before);
  }, 60_000);

  function writes(file: string): boolean {
    try {
      writeFileSync(file, Buffer.alloc(4096));
      return true;
    } catch {
      rmSync(file, { force: true });
      return false;
    }
  }

  it.skipIf(process.platform !== "linux")("says in one line that its output cannot be written", () => {
    const full = openSync("/dev/full", "w");
    const args = [join(packageRoot, "dist/cli/main.js"), "runs", "ls", "--json"];
    const { status, stderr } = spawnSync(process.execPath, args, {
      cwd: emptyFolder(),
      stdio: ["ignore", full, "pipe"],
      encoding: "utf8",
    });
    closeSync(full);
    expect(status).toBe(6);
    expect(stderr).toMatch(/^error: the output cannot be written: .*no space left.*\n$/);
  });

  function readOnlyFolder(): string | null {
    if (process.getuid?.() === 0) return null;
    const dir = emptyFolder();
    chmodSync(dir, 0o555);
    return dir;
  }
});
