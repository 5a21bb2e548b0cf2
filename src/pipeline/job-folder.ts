// Builds a job folder beside its final place and renames it there, so that a half-written one is never seen.
import { existsSync } from "node:fs";
import { cp, mkdir, readdir, rename, rm, stat, symlink, writeFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { stringify } from "yaml";
import type { DataLayout, Rendering } from "../engines/contract.js";
import { ensureDir } from "../ensure-dir.js";
import { packageRoot, runsDir } from "../paths.js";
import type { RunLimits } from "../plan/budget.js";
import { type Estimate, estimateFileName } from "../plan/calibration/estimate-file.js";
import { suitesFolder } from "../recipes/built-in-suites.js";
import type { Recipe } from "../recipes/schema.js";
import { type Job, jobVersion } from "../runs/job.js";
import type { RunLock } from "../runs/lock.js";

export interface JobFolderInput {
  id: string;
  createdAt: number;
  projectDir: string;
  /** Where the folder is made; left out: among the runs. */
  parent?: string;
  recipe: Recipe;
  rendering: Rendering;
  engine: { name: string; version: string };
  model: Job["model"];
  gpus: number;
  target: Job["target"];
  lock: RunLock;
  /** Null: the model's shape or the hardware is not known. */
  estimate: Estimate | null;
  /** Null: none. */
  limits: RunLimits | null;
  /** Writes data/ into the folder; called with its temporary path. */
  writeData(dir: string, layout: DataLayout): Promise<void>;
}

/** Returns the manifest and the folder's absolute path. On any failure nothing is left behind. */
export async function createJobFolder(input: JobFolderInput): Promise<{ job: Job; dir: string }> {
  const parent = input.parent ?? runsDir(input.projectDir);
  const dir = join(parent, input.id);
  const building = join(parent, `${unfinished}${input.id}`);
  try {
    ensureDir(building);
    await removeAbandoned(parent);
    for (const [path, content] of Object.entries(input.rendering.files)) {
      await mkdir(dirname(join(building, path)), { recursive: true });
      await writeFile(join(building, path), content);
    }
    for (const [from, to] of Object.entries(input.rendering.copies)) {
      await mkdir(dirname(join(building, to)), { recursive: true });
      await cp(resolve(input.projectDir, from), join(building, to));
    }
    await writeFile(join(building, "recipe.yaml"), stringify(input.recipe));
    await writeFile(join(building, "lock.json"), `${JSON.stringify(input.lock, null, 2)}\n`);
    if (input.estimate !== null) {
      await writeFile(join(building, estimateFileName), `${JSON.stringify(input.estimate, null, 2)}\n`);
    }
    await input.writeData(building, input.rendering.layout);
    await copyTrainer(input.engine, join(building, "trainer"));
    await symlink(input.model.path, join(building, "model"));
    const hasItems = ["eval/items.jsonl", suitesFolder].some((path) => existsSync(join(building, path)));
    const job = manifest(input, hasItems);
    await writeFile(join(building, "job.json"), `${JSON.stringify(job, null, 2)}\n`);
    await rename(building, dir);
    return { job, dir };
  } catch (error) {
    await rm(building, { recursive: true, force: true });
    throw error;
  }
}

const unfinished = ".new-";
const abandonedAfterMs = 24 * 3_600_000;

/** Folders of an ft that was killed while it built them. Younger ones may be another ft's that is at it. */
async function removeAbandoned(parent: string): Promise<void> {
  const before = Date.now() - abandonedAfterMs;
  for (const name of await readdir(parent)) {
    const dir = join(parent, name);
    if (!name.startsWith(unfinished) || (await stat(dir)).mtimeMs > before) continue;
    await rm(dir, { recursive: true, force: true });
  }
}

/**
 * The supervisor, and in env/ what it needs to make the engine's environment on a machine where ft never was.
 * The folder need not be there.
 */
export async function copyTrainer(engine: { name: string; version: string }, to: string): Promise<void> {
  const from = join(packageRoot, "trainer");
  await cp(join(from, "run.py"), join(to, "run.py"));
  await cp(join(from, "ft_trainer"), join(to, "ft_trainer"), {
    recursive: true,
    filter: (source) => !source.endsWith("__pycache__"),
  });
  for (const name of ["requirements.lock", "pyproject.toml"]) {
    await cp(join(from, "envs", `${engine.name}-${engine.version}`, name), join(to, "env", name));
  }
  await cp(join(from, "envs", "uv-requirements.txt"), join(to, "env", "uv-requirements.txt"));
}

/** Without held-out rows and suites there is nothing to evaluate on: the job ends with its training. */
function manifest(input: JobFolderInput, hasItems: boolean): Job {
  const { id, createdAt, recipe, rendering, engine, model, gpus, target, limits } = input;
  return {
    version: jobVersion,
    id,
    name: recipe.name,
    createdAt,
    engine,
    steps: [
      { name: "train", ...rendering.train },
      ...(hasItems ? [{ name: "evaluate" as const, ...rendering.evaluate }] : []),
    ],
    env: rendering.env,
    model,
    gpus,
    target,
    heartbeatSeconds: 10,
    limits: limits && { ...limits, graceSeconds: 300 },
    checkpointDir: "out/checkpoints",
    adapterDir: "out/adapter",
  };
}
