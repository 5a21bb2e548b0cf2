// Vitest global set-up: builds dist/ (the end-to-end tests drive the built binary), makes the TRL environment, a tiny model and the embedded one.
// What it makes lives in ft's own cache, so that only the first run pays for it.
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { execa } from "execa";
import { sha256OfFile } from "../src/adapters/lineage.js";
import { ensureEnvironment } from "../src/engines/env/ensure-environment.js";
import { findUv } from "../src/engines/env/uv.js";
import { fetchModel } from "../src/models/fetch.js";
import { resolveModel } from "../src/models/resolve.js";
import { ftCacheDir, packageRoot } from "../src/paths.js";
import type { OnProgress } from "../src/progress.js";

export default async function setUp(): Promise<() => void> {
  const temporary = mkdtempSync(join(tmpdir(), "ft-tests-"));
  process.env.TMPDIR = temporary; // the workers inherit it: what tests leave there goes with it
  process.env.OMP_NUM_THREADS ??= "1"; // three workers on two cores: torch's threads would wait for each other
  await execa(process.execPath, ["scripts/build.mjs"], { cwd: packageRoot });
  const env = process.env;
  const onProgress = sayLabels();
  const { python } = await ensureEnvironment({ name: "trl", version: "1.16.0" }, { env, onProgress });
  process.env.FT_TEST_PYTHON = python;
  process.env.FT_TEST_TINY_MODEL = await tinyModel(python);
  const embedded = await fetchModel(resolveModel("smollm2-135m", { cwd: packageRoot, env }), {
    env,
    cwd: packageRoot,
    template: "auto",
    python: async () => python,
    uv: () => findUv({ env, onProgress }),
    onProgress,
  });
  process.env.FT_TEST_MODEL = embedded.dir!;
  return () => rmSync(temporary, { recursive: true, force: true });
}

/** Under a million random parameters and a 512-token vocabulary; made anew when its script changes. */
async function tinyModel(python: string): Promise<string> {
  const script = join(packageRoot, "trainer/tests/make_tiny_model.py");
  const dir = join(ftCacheDir(process.env), "test", `tiny-${(await sha256OfFile(script)).slice(0, 12)}`);
  if (existsSync(dir)) return dir;
  const making = `${dir}.making`;
  rmSync(making, { recursive: true, force: true });
  mkdirSync(dirname(making), { recursive: true });
  await execa(python, [script, making]);
  renameSync(making, dir);
  return dir;
}

function sayLabels(): OnProgress {
  let last = "";
  return ({ label }) => {
    if (label !== last) process.stderr.write(`test set-up: ${label}\n`);
    last = label;
  };
}
