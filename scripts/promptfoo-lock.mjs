// Makes the lock of promptfoo's environment: node scripts/promptfoo-lock.mjs. Without promptfoo's optional dependencies (SDKs of platforms, browsers,
// machine learning in JavaScript: over a gigabyte that asking one OpenAI-compatible server does not need), but with what those of others need to run here.
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const envs = join(dirname(dirname(fileURLToPath(import.meta.url))), "trainer/envs");
const dir = join(
  envs,
  readdirSync(envs).find((name) => name.startsWith("promptfoo-")),
);
const file = join(dir, "package-lock.json");
rmSync(file, { force: true });
const npm = ["install", "--package-lock-only", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"];
execFileSync("npm", npm, { cwd: dir, stdio: "inherit" });

const lock = JSON.parse(readFileSync(file, "utf8"));
const {
  optionalDependencies: _,
  peerDependencies: __,
  peerDependenciesMeta: ___,
  ...promptfoo
} = lock.packages["node_modules/promptfoo"];
lock.packages["node_modules/promptfoo"] = promptfoo;
const needed = new Set([""]);
for (const path of needed) {
  const { dependencies = {}, optionalDependencies = {}, peerDependencies = {} } = lock.packages[path];
  for (const name of Object.keys({ ...dependencies, ...optionalDependencies, ...peerDependencies })) {
    const found = nearest(path, name);
    if (found !== undefined) needed.add(found);
  }
}
for (const path of Object.keys(lock.packages)) if (!needed.has(path)) delete lock.packages[path];
writeFileSync(file, `${JSON.stringify(lock, null, 2)}\n`);
console.error(`${needed.size - 1} packages`);

/** Where Node would find a dependency of the package at `path`. */
function nearest(path, name) {
  for (let at = path; ; at = at.slice(0, Math.max(0, at.lastIndexOf("/node_modules/")))) {
    const candidate = `${at === "" ? "" : `${at}/`}node_modules/${name}`;
    if (candidate in lock.packages) return candidate;
    if (at === "") return undefined;
  }
}
