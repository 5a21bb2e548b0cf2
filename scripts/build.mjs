// Compiles src/ beside dist/ with tsc, puts it in place, and marks the entry point executable.
import { execFileSync } from "node:child_process";
import { chmodSync, renameSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const [dist, fresh] = [join(root, "dist"), join(root, "dist.new")];
rmSync(fresh, { recursive: true, force: true });
execFileSync(
  process.execPath,
  [join(root, "node_modules/typescript/bin/tsc"), "-p", "tsconfig.build.json", "--outDir", fresh],
  { cwd: root, stdio: "inherit" },
);
chmodSync(join(fresh, "cli/main.js"), 0o755);
// In one moment, for an ft that runs from dist/ meanwhile and loads modules as it needs them.
rmSync(dist, { recursive: true, force: true });
renameSync(fresh, dist);
