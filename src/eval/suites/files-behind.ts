// Which files decide what a config or a script of another program does: itself, and those that it names, as far as its text tells. Their hashes tell
// whether a suite is still the one that was evaluated.
import { createHash } from "node:crypto";
import { existsSync, readFileSync, statSync } from "node:fs";
import { dirname, extname, relative, resolve } from "node:path";
import { globSync } from "tinyglobby";
import { FtError } from "../../errors.js";
import { hashFile } from "../../models/hash-cache.js";

/** Whose text is read for further names. */
const readable = new Set([".yaml", ".yml", ".json", ".jsonl", ".py", ".js", ".mjs", ".cjs", ".ts", ".txt", ".csv"]);
const longestRead = 4 << 20;

/** Path (from the file's folder) and sha256 of each, sorted. Throws FtError eval.suite-file (data): `file` is not there. */
export async function filesBehind(file: string, suite: string): Promise<[string, string][]> {
  if (!statSync(file, { throwIfNoEntry: false })?.isFile()) throw missing(file, suite);
  const found = new Set([file]);
  for (const one of found) for (const named of namedIn(one)) found.add(named);
  const paths = [...found].sort();
  return Promise.all(
    paths.map(async (path) => [relative(dirname(file), path), await hashFile(path)] as [string, string]),
  );
}

/** In one text, so that a suite's settings hold it. */
export async function hashBehind(file: string, suite: string): Promise<string> {
  return createHash("sha256")
    .update(JSON.stringify(await filesBehind(file, suite)))
    .digest("hex");
}

function namedIn(file: string): string[] {
  if (!readable.has(extname(file)) || statSync(file).size > longestRead) return [];
  const dir = dirname(file);
  const text = readFileSync(file, "utf8");
  // What stands in quotes may hold spaces; else a name ends at one, or at what YAML, CSV and code put around it.
  const quoted = [...text.matchAll(/"([^"\n]+)"|'([^'\n]+)'/g)].map(([, double, single]) => double ?? single!);
  const names = new Set([...quoted, ...text.split(/[\s,;:()[\]{}"'`=]+/), ...text.split(/[\s,[\]{}"']+/)]);
  return [...names].flatMap((name) => filesCalled(name, dir));
}

/** `file://x.py:function`, a path, a pattern, or a module beside the file. */
function filesCalled(name: string, dir: string): string[] {
  const path = name.replace(/^file:\/\//, "").replace(/(\.\w+):\w+$/, "$1");
  if (path.length === 0 || path.length > 500) return [];
  if (path.includes("*"))
    return path.includes("/") || path.includes(".")
      ? globSync(path, { cwd: dir, absolute: true, ignore: ["**/node_modules/**"] })
      : [];
  const module = path.replace(/^\.(?=\w)/, "").replaceAll(/(?<=\w)\.(?=\w)/g, "/");
  const candidates = [path, ...[".py", ".js", ".mjs", ".ts"].map((end) => module + end), `${path}.js`];
  return candidates.map((one) => resolve(dir, one)).filter((one) => existsSync(one) && statSync(one).isFile());
}

function missing(file: string, suite: string): FtError {
  return new FtError({
    code: "eval.suite-file",
    exit: "data",
    message: `${file} of suite ${suite} does not exist`,
    next: "correct its path in the recipe: it counts from the recipe's folder",
  });
}
