// SkyPilot's own parser in an environment of its own, with a home folder of its own: nothing of a person's SkyPilot is read or touched.
import { existsSync, mkdtempSync, renameSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { findUv } from "../../src/engines/env/uv.js";
import { withFileLock } from "../../src/file-lock.js";
import { ftCacheDir } from "../../src/paths.js";

const version = "0.14.1";

interface ReadTask {
  problem: string | null;
  /** As SkyPilot prints them, in lower case. */
  resources: string;
}

export interface SkyValidator {
  /** What SkyPilot has against each task; null: nothing. In one process, as importing it takes seconds. */
  read(tasks: string[]): Promise<ReadTask[]>;
}

/** Null, and said on stderr, where SkyPilot cannot be installed. */
export async function startSkyValidator(): Promise<SkyValidator | null> {
  try {
    const bin = await skyBin();
    return { read: (tasks) => read(join(bin, "python"), tasks) };
  } catch (error) {
    process.stderr.write(`SKIPPED: tasks are not read by SkyPilot itself: ${(error as Error).message}\n`);
    return null;
  }
}

/** The folder of programs of an environment with SkyPilot; made once, which takes half a minute. */
async function skyBin(): Promise<string> {
  const dir = join(ftCacheDir(process.env), "test", `skypilot-${version}`);
  await withFileLock(`${dir}.lock`, async () => {
    if (existsSync(dir)) return;
    const making = `${dir}.making`;
    rmSync(making, { recursive: true, force: true });
    const uv = await findUv({ env: process.env, onProgress: () => {} });
    await execa(uv, ["venv", "--no-project", "--relocatable", making]);
    await execa(uv, ["pip", "install", "--python", making, `skypilot==${version}`]);
    renameSync(making, dir);
  });
  return join(dir, "bin");
}

/** The environment of a SkyPilot that knows nobody. */
function skyEnv(home = mkdtempSync(join(tmpdir(), "ft-sky-"))): Record<string, string> {
  return { HOME: home, PATH: process.env.PATH ?? "", SKYPILOT_DISABLE_USAGE_COLLECTION: "1" };
}

const program = `
import json, sys, yaml, sky
def read(text):
    try:
        task = sky.Task.from_yaml_config(yaml.safe_load(text))
        return {"problem": None, "resources": str(list(task.resources)).lower()}
    except Exception as error:
        return {"problem": f"{type(error).__name__}: {error}", "resources": ""}
print(json.dumps([read(text) for text in json.load(sys.stdin)]))
`;

async function read(python: string, tasks: string[]): Promise<ReadTask[]> {
  const options = { input: JSON.stringify(tasks), env: skyEnv(), extendEnv: false };
  const { stdout } = await execa(python, ["-c", program], options);
  return JSON.parse(stdout.trim().split("\n").at(-1)!);
}
