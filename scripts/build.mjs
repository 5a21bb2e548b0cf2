// Compiles src/ beside dist/ with tsc, packs the command line into few files, puts all in place, and marks the entry point executable.
import { execFileSync } from "node:child_process";
import { chmodSync, renameSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { rolldown } from "rolldown";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const [dist, fresh] = [join(root, "dist"), join(root, "dist.new")];
rmSync(fresh, { recursive: true, force: true });
execFileSync(
  process.execPath,
  [join(root, "node_modules/typescript/bin/tsc"), "-p", "tsconfig.build.json", "--outDir", fresh],
  { cwd: root, stdio: "inherit" },
);
// Each module that Node looks up costs a third of a millisecond, and a command loads some four hundred: two hundred of them zod's and yaml's. The
// modules stay as they are beside the packed entry, for threads. Packages that are loaded by few commands, or hold binaries, stay packages.
const packed = [
  "zod",
  "yaml",
  "commander",
  "fastest-levenshtein",
  "string-width",
  "strip-ansi",
  "ansi-regex",
  "get-east-asian-width",
];
const bundle = await rolldown({
  cwd: fresh,
  input: { "cli/main": "cli/main.js" },
  platform: "node",
  external: (id) => /^[@a-z]/.test(id) && !packed.some((name) => id === name || id.startsWith(`${name}/`)),
});
await bundle.write({ dir: fresh, format: "esm", chunkFileNames: "chunks/[name]-[hash].js" });
chmodSync(join(fresh, "cli/main.js"), 0o755);
// In one moment, for an ft that runs from dist/ meanwhile and loads modules as it needs them.
rmSync(dist, { recursive: true, force: true });
renameSync(fresh, dist);
